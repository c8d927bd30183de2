//! A split pool: the nodes that the pods of a workload run on, as it grows, shrinks, rolls and is interrupted.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::live;
use super::pools::{deployment, job};
use crate::harness::api::{Api, Persist, path, text};
use crate::harness::berth::{Berth, Setup};
use crate::harness::cluster::Cluster;
use crate::harness::front::Front;
use crate::harness::node_pools::{self, bound};
use crate::harness::pki::Authority;
use crate::harness::registration::{register, shipped};
use crate::harness::scene::{Injection, namespace, pod};
use crate::harness::{account, eventually, repository};

const CAPACITY: &str = "/metadata/labels/placement.truemark.io~1capacity";

/// Returns how many of the pods belong on demand, by the policy of these tests: two, and a fifth of the others.
fn asked(pods: usize) -> usize {
    pods.min(2 + pods.saturating_sub(2).div_ceil(5))
}

/// Returns the shipped policy with one pool more, which is split.
fn policy() -> anyhow::Result<String> {
    let shipped = std::fs::read_to_string(repository("deploy/policy.yaml"))?;
    let mut policy = crate::harness::documents(&shipped)?.remove(0);
    let pools = policy["spec"]["pools"].as_array_mut();
    pools.context("no pools")?.push(json!({
        "name": "web",
        "nodePools": ["amd64-default", "arm64-default"],
        "onDemand": {
            "nodePools": ["truemark-amd64", "truemark-arm64"],
            "baseCapacity": 2,
            "percentageAboveBaseCapacity": 20,
        },
    }));
    Ok(policy.to_string())
}

/// Some berths with the split pool, behind one address.
struct Stage<'c> {
    api: &'c Api,
    namespace: &'static str,
    setups: Vec<Setup>,
    berths: Vec<Berth>,
    front: Front,
}

impl<'c> Stage<'c> {
    async fn new(
        cluster: &'c Cluster,
        replicas: usize,
        name: &'static str,
    ) -> anyhow::Result<Self> {
        account::install(cluster).await?;
        account::let_see_pods(cluster).await?;
        node_pools::apply(&cluster.api).await?;
        let authority = Authority::new("berth")?;
        let kubeconfig = account::kubeconfig(cluster).await?;
        let (mut setups, mut berths) = (Vec::new(), Vec::new());
        for replica in 0..replicas {
            let setup = Setup::new(cluster, &format!("berth-{replica}"), &authority)?;
            let setup = setup
                .following(kubeconfig.clone())
                .with_policy(&policy()?)?;
            berths.push(setup.start().await?);
            setups.push(setup);
        }
        let front = Front::of(setups.iter().map(Setup::address).collect()).await?;
        register(&cluster.api, &shipped(&front.url(), &authority.pem())?).await?;
        namespace(cluster, name, Injection::Enabled).await?;
        Ok(Self {
            api: &cluster.api,
            namespace: name,
            setups,
            berths,
            front,
        })
    }

    fn deployment(&self, name: &str, replicas: usize) -> Value {
        let labels = json!({"placement.truemark.io/pool": "web"});
        let mut deployment = deployment(self.namespace, name, &labels);
        deployment["spec"]["replicas"] = json!(replicas);
        deployment
    }

    /// Waits until a workload has so many pods, all of which run, and holds those on demand to the split.
    async fn has(&self, selector: &str, pods: usize) -> anyhow::Result<()> {
        let on_demand = self.on_demand(selector, pods).await?;
        ensure!(
            on_demand == asked(pods),
            "{on_demand} of {pods} pods of {selector} are on demand"
        );
        Ok(())
    }

    /// Waits until a workload has so many pods, all of which run, and returns the number of those on demand, by their nodes.
    async fn on_demand(&self, selector: &str, pods: usize) -> anyhow::Result<usize> {
        let places = bound(self.api, self.namespace, selector, pods).await?;
        for place in &places {
            ensure!(
                ["amd64-default", "truemark-amd64"].contains(&&*place.node_pool),
                "{place:?}"
            );
        }
        let on_demand = places
            .iter()
            .filter(|place| place.capacity_type == "on-demand");
        Ok(on_demand.count())
    }

    async fn scale(&self, deployment: &Value, replicas: usize) -> anyhow::Result<()> {
        let scale = json!({"spec": {"replicas": replicas}});
        self.api.merge(&path(deployment), &scale).await?;
        self.settled(deployment, replicas).await
    }

    async fn roll(&self, deployment: &Value, version: &str, replicas: usize) -> anyhow::Result<()> {
        let change =
            json!({"spec": {"template": {"metadata": {"annotations": {"version": version}}}}});
        self.api.merge(&path(deployment), &change).await?;
        self.settled(deployment, replicas).await
    }

    /// Waits until a Deployment has so many pods of its newest template, all ready, and no others.
    async fn settled(&self, deployment: &Value, replicas: usize) -> anyhow::Result<()> {
        let path = path(deployment);
        eventually(&format!("{path} has {replicas} replicas"), async || {
            let stored = self.api.get(&path).await?.context("it is gone")?;
            let status = |field: &str| stored["status"][field].as_u64().unwrap_or_default();
            let fields = ["replicas", "updatedReplicas", "readyReplicas"];
            let is_seen =
                stored["status"]["observedGeneration"] == stored["metadata"]["generation"];
            let settled = fields.iter().all(|field| status(field) == replicas as u64);
            Ok((is_seen && settled).then_some(()))
        })
        .await
    }

    /// Fails if one of the replicas has not decided on any pod.
    async fn all_have_decided(&self) -> anyhow::Result<()> {
        for berth in &self.berths {
            let page = berth.metrics().await?;
            let mut lines = page.lines();
            ensure!(
                lines.any(|line| line.starts_with("berth_split_decisions_total{")),
                "a replica has decided on no pod"
            );
        }
        Ok(())
    }

    /// Returns the pods with a label, without those that are being deleted.
    async fn pods(&self, selector: &str) -> anyhow::Result<Vec<Value>> {
        let namespace = self.namespace;
        let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}");
        let mut pods = self.api.list(&path).await?;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        Ok(pods)
    }
}

/// A Deployment keeps its split as it is created, shrinks, grows and rolls.
pub(crate) async fn split(cluster: &Cluster) -> anyhow::Result<()> {
    let mut stage = Stage::new(cluster, 1, "split").await?;
    let web = stage.deployment("web", 20);
    cluster.api.create(&web, Persist::Store).await?.ok()?;
    stage.has("app=web", 20).await?;
    for replicas in [10, 30, 5, 20] {
        stage.scale(&web, replicas).await?;
        stage
            .has("app=web", replicas)
            .await
            .with_context(|| format!("scaled to {replicas}"))?;
    }
    stage.roll(&web, "two", 20).await?;
    stage.has("app=web", 20).await.context("rolled")?;

    // A pod that goes gives its place to the one that replaces it, so what shrinks then keeps the split.
    for _ in 0..4 {
        let mut pods = stage.pods("app=web").await?;
        pods.sort_by_key(|pod| text(pod, CAPACITY) != "on-demand");
        cluster.api.delete(&path_of(&pods[0])).await?;
        cluster.api.delete(&path_of(&pods[19])).await?;
        stage.settled(&web, 20).await?;
        stage.has("app=web", 20).await.context("replaced")?;
    }
    stage.scale(&web, 5).await?;
    stage.has("app=web", 5).await.context("shrunk")?;

    // A berth that has just started counts what is there.
    let berth = stage.berths.pop().context("no berth")?;
    berth.kill();
    stage.berths.push(stage.setups[0].start().await?);
    stage.scale(&web, 20).await?;
    stage.has("app=web", 20).await.context("restarted")?;
    let lots =
        r#"berth_split_decisions_total{pool="web",capacity="spot",basis="lot",mode="Enforce"}"#;
    ensure!(
        stage.berths[0].metric(lots).await?.is_none(),
        "a lot was drawn"
    );
    eventually("the metrics show the pods", async || {
        let berth = &stage.berths[0];
        let of = async |name: &str| berth.metric(name).await;
        let shown = [
            of(r#"berth_split_pods{pool="web",capacity="on-demand"}"#).await?,
            of(r#"berth_split_pods{pool="web",capacity="spot"}"#).await?,
            of(r#"berth_split_pods_asked{pool="web",capacity="on-demand"}"#).await?,
            of(r#"berth_split_pods_misplaced{pool="web"}"#).await?,
        ];
        Ok((shown == [6.0, 14.0, 6.0, 0.0].map(Some)).then_some(()))
    })
    .await?;
    explained(cluster, &stage).await
}

/// `berth explain` says of the Deployment what each side gets and has, and of a pod on which side it is.
async fn explained(cluster: &Cluster, stage: &Stage<'_>) -> anyhow::Result<()> {
    let policy = cluster.write("split.yaml", &policy()?)?;
    let of = |name: &str| {
        let arguments = ["explain", "--cluster", "--policy", &policy];
        let named = ["--namespace", stage.namespace, name];
        let printed = live::berth(cluster, &[&arguments[..], &named].concat())?;
        ensure!(printed.success, "{printed:?}");
        anyhow::Ok(printed.stdout)
    };
    let said = of("deploy/web")?;
    for part in [
        "the first 2 and 20% of the others on demand: of 20 pods 6 on demand, 14 on spot",
        "  on demand      pods 1-3, 8, 13, 18\n  node pools     truemark-amd64\n",
        "  on spot        pods 4-7, 9-12, 14-17, 19, 20\n  node pools     amd64-default\n",
        "  its pods       20, 20 of them placed by berth; 6 on demand, 14 on spot\n",
    ] {
        ensure!(said.contains(part), "{part}\n{said}");
    }
    let pods = stage.pods("app=web").await?;
    for (side, node_pool) in [("on-demand", "truemark-amd64"), ("spot", "amd64-default")] {
        let mut pods = pods.iter();
        let pod = pods.find(|pod| text(pod, CAPACITY) == side);
        let said = of(text(pod.context(side)?, "/metadata/name"))?;
        let place = format!("  runs on        node pool {node_pool}, {side}, amd64, ");
        ensure!(said.contains(&place), "{place}\n{said}");
    }
    Ok(())
}

/// Returns the path of a pod of a list, whose items do not say what they are.
fn path_of(pod: &Value) -> String {
    let (namespace, name) = (
        text(pod, "/metadata/namespace"),
        text(pod, "/metadata/name"),
    );
    format!("/api/v1/namespaces/{namespace}/pods/{name}")
}

/// A `StatefulSet`, a parallel Job and a pod of its own are split, a dry run counts for nothing, and neither does a pod that a
/// quota refuses.
pub(crate) async fn split_kinds(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster, 1, "split-kinds").await?;
    let api = &cluster.api;
    let labels = json!({"placement.truemark.io/pool": "web", "app": "store"});
    let template =
        json!({"metadata": {"labels": labels}, "spec": pod("split-kinds", "store")["spec"]});
    let store = json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "store", "namespace": "split-kinds"},
        "spec": {
            "replicas": 8,
            "serviceName": "store",
            "selector": {"matchLabels": {"app": "store"}},
            "template": template,
        },
    });
    let mut sums = job("split-kinds", "sums");
    sums["spec"]["parallelism"] = json!(10);
    sums["spec"]["completions"] = json!(10);
    sums["spec"]["template"]["metadata"] = json!({"labels": {"placement.truemark.io/pool": "web"}});
    // Here a pod of a Job is done as soon as it runs, and then it no longer counts.
    sums["spec"]["template"]["spec"]["schedulingGates"] = json!([{"name": "example.com/later"}]);
    for object in [&store, &sums] {
        api.create(object, Persist::Store).await?.ok()?;
    }
    let mut alone = pod("split-kinds", "alone");
    alone["metadata"]["labels"] = json!({"placement.truemark.io/pool": "web", "app": "alone"});
    for persist in [Persist::DryRun, Persist::DryRun, Persist::Store] {
        let stored = api.create(&alone, persist).await?.ok()?;
        ensure!(text(&stored, CAPACITY) == "on-demand", "{stored}");
    }
    stage.has("app=store", 8).await?;
    let of_sums = eventually("the pods of the Job", async || {
        let pods = stage.pods("job-name=sums").await?;
        Ok((pods.len() == 10).then_some(pods))
    })
    .await?;
    let on_demand = of_sums
        .iter()
        .filter(|pod| text(pod, CAPACITY) == "on-demand");
    ensure!(on_demand.count() == asked(10), "{of_sums:?}");
    stage.has("app=alone", 1).await?;

    // Its pods are refused after berth has decided on them, for as long as the quota says so.
    let quota = json!({
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "pods", "namespace": "split-kinds"},
        "spec": {"hard": {"count/replicasets.apps": "10", "requests.cpu": "0"}},
    });
    api.apply(&quota).await?;
    let quota_path = "/api/v1/namespaces/split-kinds/resourcequotas/pods";
    eventually("the quota counts", async || {
        let stored = api.get(quota_path).await?.unwrap_or_default();
        Ok(stored["status"]["hard"].is_object().then_some(()))
    })
    .await?;
    let late = stage.deployment("late", 12);
    api.create(&late, Persist::Store).await?.ok()?;
    eventually("the quota refuses pods", async || {
        let events = api.list("/api/v1/namespaces/split-kinds/events").await?;
        let refused = events.iter().any(|event| {
            text(event, "/reason") == "FailedCreate" && text(event, "/message").contains("quota")
        });
        Ok(refused.then_some(()))
    })
    .await?;
    api.delete(quota_path).await?;
    let on_demand = stage.on_demand("app=late", 12).await?;
    let off = on_demand.abs_diff(asked(12));
    // The decisions on the refused pods count until they are given up, some ten seconds later.
    ensure!(off <= 2, "{on_demand} of 12 pods are on demand");
    eventually("the split is exact again", async || {
        stage.scale(&late, 1).await?;
        stage.scale(&late, 12).await?;
        let on_demand = stage.on_demand("app=late", 12).await?;
        Ok((on_demand == asked(12)).then_some(()))
    })
    .await
}

/// Two replicas of berth, each of which sees a part of the pods, are off by one each at most; one is killed half-way.
pub(crate) async fn split_replicas(cluster: &Cluster) -> anyhow::Result<()> {
    let mut stage = Stage::new(cluster, 2, "split-replicas").await?;
    let web = stage.deployment("web", 20);
    cluster.api.create(&web, Persist::Store).await?.ok()?;
    eventually("half of the pods", async || {
        Ok((stage.pods("app=web").await?.len() >= 8).then_some(()))
    })
    .await?;
    stage.all_have_decided().await?;
    stage.berths.pop().context("no berth")?.kill();
    stage.settled(&web, 20).await?;
    let places = bound(stage.api, stage.namespace, "app=web", 20).await?;
    let on_demand = places
        .iter()
        .filter(|place| place.capacity_type == "on-demand");
    let on_demand = on_demand.count();
    let unseen = stage.pods("app=web").await?;
    // A call that the killed replica did not answer has failed open.
    let unseen = unseen
        .iter()
        .filter(|pod| text(pod, CAPACITY).is_empty())
        .count();
    ensure!(
        on_demand.abs_diff(asked(20)) <= 2 + unseen,
        "{on_demand} of 20 pods are on demand, {unseen} were not seen"
    );
    stage.berths.push(stage.setups[1].start().await?);
    for (version, replicas) in [("two", 20), ("three", 30)] {
        stage.front.disconnect();
        stage.scale(&web, replicas).await?;
        stage.roll(&web, version, replicas).await?;
        let on_demand = stage.on_demand("app=web", replicas).await?;
        ensure!(
            on_demand.abs_diff(asked(replicas)) <= 2,
            "{on_demand} of {replicas} pods are on demand"
        );
    }
    // One after another, each replica sees the pods of the other.
    stage.scale(&web, 0).await?;
    for replicas in 1..=12 {
        stage.front.disconnect();
        stage.scale(&web, replicas).await?;
        stage.has("app=web", replicas).await?;
    }
    stage.all_have_decided().await
}
