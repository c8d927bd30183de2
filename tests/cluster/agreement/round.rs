//! One round: node pools, a berth that knows them, and the pods that share them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use berth::node::NodePool;
use berth::placement::Snapshot;
use berth::policy::read_policy;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::compare::{Context, Verdict, compare};
use super::generate::{Generator, World, named};
use super::journal::Journal;
use super::labels::OWN;
use super::pods::Sketch;
use super::provider::{Evidence, Provider};
use super::state::{State, start};
use super::summary::Summary;
use super::told::told;
use super::words::{Berth, Karpenter};
use crate::harness::api::{Api, Persist, path};
use crate::harness::berth::{Berth as Server, Setup};
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::node_pools::settled;
use crate::harness::pki::Authority;
use crate::harness::registration::{register, shipped};
use crate::harness::scene::{Injection, namespace, pod};

/// One set of node pools, with a berth that knows them.
pub(super) struct Round<'c> {
    api: &'c Api,
    provider: &'c Provider,
    journal: RefCell<Journal>,
    world: World,
    snapshot: Snapshot,
    told: Vec<Snapshot>,
    namespace: String,
    /// The berth runs as long as it is held.
    _server: Server,
    job: Value,
}

/// A pod as it was generated and as it is stored.
struct Pod {
    sketch: Sketch,
    stored: Value,
    warnings: Vec<String>,
}

impl Pod {
    /// Prints all that is known of a pod on which the words differ.
    fn report(&self, name: &str, berth: &Berth, karpenter: &Karpenter) {
        eprintln!(
            "\n{name}: berth and Karpenter differ\n    berth: {berth}\n    Karpenter: {karpenter}\n    \
             generated: labels {}, {}\n    stored: nodeSelector {}, affinity {}, tolerations {}\n    warnings: {:?}",
            json!(self.sketch.labels),
            self.sketch.spec,
            self.stored["spec"]["nodeSelector"],
            self.stored["spec"]["affinity"],
            self.stored["spec"]["tolerations"],
            self.warnings,
        );
    }
}

impl<'c> Round<'c> {
    pub(super) async fn new(
        cluster: &'c Cluster,
        provider: &'c Provider,
        generator: &mut Generator<'_>,
        number: usize,
    ) -> anyhow::Result<Self> {
        let api = &cluster.api;
        let mut world = generator.world()?;
        let mut accepted = Vec::new();
        for node_pool in world.node_pools {
            if api.create(&node_pool, Persist::Store).await?.ok().is_ok() {
                accepted.push(node_pool);
            }
        }
        for node_pool in &mut accepted {
            *node_pool = settled(api, node_pool).await?;
        }
        world.node_pools = accepted;
        let policy = world.policy.to_string();
        let (read, mut catalogue) = read_policy(&policy)?;
        for node_pool in &world.node_pools {
            catalogue.insert(NodePool::from_object(node_pool.clone())?)?;
        }
        let snapshot = Snapshot::new(read, catalogue)?;
        let told = told(&policy, &world.node_pools, &(provider.facts)())?;

        let authority = Authority::new("berth")?;
        let setup = Setup::new(cluster, &format!("agreement-{number}"), &authority)?
            .with_policy(&policy)?
            .following(cluster.kubeconfig());
        let server = setup.start().await?;
        register(api, &shipped(&setup.url(), &authority.pem())?).await?;
        let namespace_name = format!("agreement-{number}");
        namespace(cluster, &namespace_name, Injection::Enabled).await?;
        // The pods of a Job need one, whose controller leaves them alone.
        let job = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "sums", "namespace": namespace_name},
            "spec": {
                "managedBy": "example.com/nobody",
                "template": {"spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "main", "image": "none"}],
                }},
            },
        });
        let job = api.create(&job, Persist::Store).await?.ok()?;
        Ok(Self {
            api,
            provider,
            journal: RefCell::new(Journal::new(cluster.path(), provider.program)),
            world,
            snapshot,
            told,
            namespace: namespace_name,
            _server: server,
            job,
        })
    }

    pub(super) async fn run(
        &self,
        generator: &mut Generator<'_>,
        summary: &mut Summary,
    ) -> anyhow::Result<()> {
        let pods = self.create(generator, summary).await?;
        let answers = self.answers(&pods).await?;
        summary.node_pools += self.world.node_pools.len();
        summary.pods += pods.len();
        let mut differences = 0;
        for (name, pod) in &pods {
            let berth = Berth::word(&pod.stored, &pod.warnings, &self.snapshot)?;
            let karpenter = answers.get(name).context("no answer")?;
            *summary.words.entry(berth.name()).or_default() += 1;
            let context = Context {
                stored: &pod.stored,
                told: &self.told,
                provider: self.provider,
            };
            match compare(&berth, karpenter, &context)? {
                Verdict::Agree => {}
                Verdict::Explained(class) => *summary.explained.entry(class).or_default() += 1,
                Verdict::Differ => {
                    differences += 1;
                    pod.report(name, &berth, karpenter);
                }
            }
        }
        if differences > 0 {
            for node_pool in &self.world.node_pools {
                let (name, spec) = (&node_pool["metadata"]["name"], &node_pool["spec"]);
                eprintln!("node pool {name}: {spec}");
            }
        }
        summary.differences += differences;
        match self.provider.evidence {
            Evidence::Bound => self.forget_refused(&answers).await,
            Evidence::Launched => self.forget_all().await,
        }
    }

    /// Deletes the refused pods, which Karpenter would look at again and again.
    async fn forget_refused(&self, answers: &BTreeMap<String, Karpenter>) -> anyhow::Result<()> {
        let pods = self.pods();
        for (name, answer) in answers {
            if !matches!(answer, Karpenter::Node { .. }) {
                self.api
                    .delete(&format!("{pods}/{name}?gracePeriodSeconds=0"))
                    .await?;
            }
        }
        Ok(())
    }

    /// Deletes all that the round made, so that Karpenter looks at none of it in the next.
    async fn forget_all(&self) -> anyhow::Result<()> {
        let pods = format!("{}?gracePeriodSeconds=0", self.pods());
        self.api.delete(&pods).await?;
        for node_pool in &self.world.node_pools {
            self.api.delete(&path(node_pool)).await?;
        }
        self.api.delete("/apis/karpenter.sh/v1/nodeclaims").await
    }

    fn pods(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", self.namespace)
    }

    /// Creates a round's pods, a few at a time.
    async fn create(
        &self,
        generator: &mut Generator<'_>,
        summary: &mut Summary,
    ) -> anyhow::Result<BTreeMap<String, Pod>> {
        let mut pods = BTreeMap::new();
        let mut numbered: Vec<(String, Sketch)> = Vec::new();
        for name in generator.pods.clone() {
            numbered.push((name, generator.pod()?));
        }
        while !numbered.is_empty() {
            let some = numbered.split_off(numbered.len().saturating_sub(8));
            let created = some.into_iter().map(async |(name, sketch)| {
                let object = self.manifest(&name, &sketch);
                let reply = self.api.create(&object, Persist::Store).await?;
                anyhow::Ok((name, sketch, reply))
            });
            for (name, sketch, mut reply) in try_join_all(created).await? {
                let warnings = std::mem::take(&mut reply.warnings);
                match reply.ok() {
                    Ok(stored) => {
                        let pod = Pod {
                            sketch,
                            stored,
                            warnings,
                        };
                        pods.insert(name, pod);
                    }
                    Err(error) => {
                        summary.refused += 1;
                        eprintln!("{name}: {error}");
                    }
                }
            }
        }
        Ok(pods)
    }

    fn manifest(&self, name: &str, sketch: &Sketch) -> Value {
        let mut object = pod(&self.namespace, name);
        object["metadata"]["labels"] = json!(sketch.labels);
        if sketch.of_a_job {
            object["metadata"]["ownerReferences"] = json!([{
                "apiVersion": "batch/v1",
                "kind": "Job",
                "name": "sums",
                "uid": self.job["metadata"]["uid"],
                "controller": true,
            }]);
        }
        for (field, value) in sketch.spec.as_object().into_iter().flatten() {
            object["spec"][field] = value.clone();
        }
        named(&mut object, name);
        object["spec"]["nodeSelector"][OWN] = json!(name);
        object
    }

    /// Waits until Karpenter has answered on every pod, and returns the answers.
    async fn answers(
        &self,
        pods: &BTreeMap<String, Pod>,
    ) -> anyhow::Result<BTreeMap<String, Karpenter>> {
        let mut waiting = String::new();
        let answers = eventually("Karpenter answers on every pod", async || {
            // A look lists everything, so that it is not taken more often.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let state = State::read(self.api, &self.namespace).await?;
            for node in state.nodes.values() {
                start(self.api, node).await;
            }
            let mut journal = self.journal.borrow_mut();
            journal.read_on()?;
            let mut answers = BTreeMap::new();
            for (name, pod) in pods {
                let answer = match self.provider.evidence {
                    Evidence::Bound => state.answer_by_node(name, &pod.stored),
                    Evidence::Launched => state.answer_by_claim(name, &pod.stored, &journal),
                };
                match answer {
                    Some(answer) => drop(answers.insert(name.clone(), answer)),
                    None => waiting = state.describe(name),
                }
            }
            Ok((answers.len() == pods.len()).then_some(answers))
        })
        .await;
        answers.with_context(|| waiting)
    }
}
