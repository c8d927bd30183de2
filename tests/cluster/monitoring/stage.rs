//! The stage: a cluster in which everything has happened once, and the Prometheus that scrapes it.

use std::path::Path;

use anyhow::Context;
use serde_json::json;

use super::configuration::{KubeStateMetrics, configuration};
use super::exporter::Exporter;
use super::prometheus::Prometheus;
use super::traffic::Traffic;
use crate::harness::api::{Api, text};
use crate::harness::berth::{Berth, Setup};
use crate::harness::cluster::Cluster;
use crate::harness::node_pools::{self, bound};
use crate::harness::scene::{definition, examples};
use crate::harness::{account, eventually, manifests, repository};

const NAMESPACE: &str = "berth-examples";
const NODE_POOLS: &str = "/apis/karpenter.sh/v1/nodepools";

/// The node pool at its limit.
pub(super) const FULL: &str = "truemark-amd64";

/// A cluster, and a Prometheus that has seen it.
pub(super) struct Stage<'c> {
    pub(super) cluster: &'c Cluster,
    pub(super) prometheus: Prometheus,
    _exporter: Exporter,
    _kube_state_metrics: KubeStateMetrics,
    _berths: [Berth; 2],
}

impl<'c> Stage<'c> {
    pub(super) async fn new(cluster: &'c Cluster, program: &Path) -> anyhow::Result<Self> {
        let api = &cluster.api;
        cluster.define(&[definition()?]).await?;
        account::install(cluster).await?;
        account::let_see_pods(cluster).await?;
        for file in [
            "deploy/berth/deployment.yaml",
            "deploy/certificates/self-managed/certificate.yaml",
        ] {
            for object in manifests(&repository(file))? {
                api.apply(&object).await?;
            }
        }
        // The API server calls the first alone. Prometheus scrapes both as the pods of the Deployment, which run
        // nothing.
        let (one, other) = (
            setup(cluster, "berth").await?,
            setup(cluster, "berth-2").await?,
        );
        let (first, second) = (one.start().await?, other.start().await?);
        let traffic = Traffic::new(cluster, &one.url()).await?;
        policy(api, &[&first, &second]).await?;
        workloads(cluster).await?;
        fill(api).await?;

        let exporter = Exporter::start(api).await?;
        let kube_state_metrics = KubeStateMetrics::start(cluster)?;
        let berths = [one.ops_address(), other.ops_address()];
        let configuration = configuration(cluster, &berths, &kube_state_metrics, &exporter).await?;
        traffic.send().await?;
        let prometheus = Prometheus::start(cluster, program, &configuration).await?;
        let stage = Self {
            cluster,
            prometheus,
            _exporter: exporter,
            _kube_state_metrics: kube_state_metrics,
            _berths: [first, second],
        };
        stage.scraped().await?;
        // Counters rise while they are scraped.
        traffic.send().await?;
        Ok(stage)
    }

    /// Waits until every target has been scraped, and the API server has counted what failed.
    async fn scraped(&self) -> anyhow::Result<()> {
        let nodes = self.cluster.api.list("/api/v1/nodes").await?.len();
        // The others are two berths, kube-state-metrics, Karpenter and the API server.
        let wanted = nodes + 5;
        eventually("every target is scraped", async || {
            let targets = self.prometheus.targets().await?;
            let up = targets
                .iter()
                .filter(|target| text(target, "/health") == "up");
            Ok((up.count() >= wanted).then_some(()))
        })
        .await?;
        eventually("the API server tells of calls that failed", async || {
            let query = "apiserver_admission_webhook_fail_open_count";
            let series = self.prometheus.ask(query).await?;
            Ok((!series.is_empty()).then_some(()))
        })
        .await
    }
}

/// Sets up a berth as it is installed, with a certificate that it makes itself.
async fn setup(cluster: &Cluster, name: &str) -> anyhow::Result<Setup> {
    let setup = Setup::without_certificate(cluster, name)?;
    let setup = setup.following(account::kubeconfig(cluster).await?);
    Ok(setup.self_managed("2160h"))
}

/// Puts in force the default policy with one more rule, in Audit, and one more pool, which is split.
async fn policy(api: &Api, replicas: &[&Berth]) -> anyhow::Result<()> {
    let mut policy = manifests(&repository("deploy/policy.yaml"))?;
    let mut policy = policy.pop().context("deploy/policy.yaml")?;
    let rules = policy["spec"]["rules"]
        .as_array_mut()
        .context("its rules")?;
    let tried = json!({
        "name": "tried",
        "match": {"labels": {"matchLabels": {"tried": "true"}}},
        "place": {"pool": "batch"},
        "mode": "Audit",
    });
    rules.insert(0, tried);
    let pools = policy["spec"]["pools"].as_array_mut();
    pools.context("its pools")?.push(json!({
        "name": "split",
        "nodePools": ["amd64-default"],
        "onDemand": {"nodePools": ["truemark-amd64"], "baseCapacity": 1},
    }));
    api.apply(&policy).await?;
    let in_force = "berth_policy_in_force{source=\"cluster\",mode=\"Enforce\"}";
    let counted = "berth_split_pods_misplaced{pool=\"split\"}";
    for berth in replicas {
        eventually(
            "the policy is in force, and the pods are counted",
            async || {
                let is_in_force = berth
                    .metric(in_force)
                    .await?
                    .is_some_and(|value| value > 0.0);
                Ok(berth.metric(counted).await?.filter(|_| is_in_force))
            },
        )
        .await?;
    }
    Ok(())
}

/// Creates the shipped node pools and examples: pods of every pool, both architectures, spot and on-demand.
async fn workloads(cluster: &Cluster) -> anyhow::Result<()> {
    let api = &cluster.api;
    node_pools::apply(api).await?;
    for node_pool in api.list(NODE_POOLS).await? {
        // Nodes must not go while they are counted.
        let path = format!("{NODE_POOLS}/{}", text(&node_pool, "/metadata/name"));
        let stay = json!({"spec": {"disruption": {"consolidateAfter": "Never"}}});
        api.merge(&path, &stay).await?;
    }
    for object in examples()? {
        api.apply(&object).await?;
        if text(&object, "/kind") == "Namespace" {
            cluster.service_account(NAMESPACE).await?;
        }
    }
    for (selector, pods) in [
        ("app=inflate", 3),
        ("app=ledger", 2),
        ("app=thumbnails", 2),
        ("job-name=report", 1),
    ] {
        bound(api, NAMESPACE, selector, pods).await?;
    }
    bound(api, "berth-system", "app.kubernetes.io/name=berth", 2).await?;
    Ok(())
}

/// Sets a node pool's limit to its present size, and has a pod ask for more.
async fn fill(api: &Api) -> anyhow::Result<()> {
    let path = format!("{NODE_POOLS}/{FULL}");
    let used = eventually("Karpenter counts what the node pool has", async || {
        let node_pool = api.get(&path).await?.unwrap_or_default();
        let used = text(&node_pool, "/status/resources/cpu").to_owned();
        Ok(Some(used).filter(|used| !["", "0"].contains(&used.as_str())))
    })
    .await?;
    api.merge(&path, &json!({"spec": {"limits": {"cpu": used}}}))
        .await?;
    let mut more = crate::karpenter::pools::deployment(
        NAMESPACE,
        "more",
        &json!({"placement.truemark.io/pool": "truemark"}),
    );
    let requests = json!({"cpu": "12"});
    more["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = requests;
    api.apply(&more).await?;
    node_pools::refusal(api, NAMESPACE, "more-").await?;
    Ok(())
}
