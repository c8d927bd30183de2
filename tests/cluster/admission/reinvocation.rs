//! Another webhook, before and after berth.

use serde_json::json;

use crate::harness::api::{Persist, collection, text};
use crate::harness::berth::Setup;
use crate::harness::cluster::Cluster;
use crate::harness::registration::{register, rename, shipped};
use crate::harness::scene::{Injection, Scene, namespace, pod};

/// A policy that places as the default one does, and marks the pods that it has seen.
const SECOND: &str = "
apiVersion: placement.truemark.io/v1alpha1
kind: PlacementPolicy
metadata: {name: second}
spec:
  architectures: {known: [amd64, arm64], default: amd64}
  pools:
  - {name: default, nodePools: [amd64-default, arm64-default], annotations: {example.com/second: seen}}
  rules:
  - {name: everything, place: {pool: default}}
";

/// The outcome is the same with the other webhook before berth or after it, and the other is asked once.
pub(crate) async fn second_webhook(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    let setup = Setup::new(cluster, "second", &scene.authority)?.with_policy(SECOND)?;
    let second = setup.start().await?;
    for (name, calls) in [("aa-second", 1), ("zzz-second", 2)] {
        namespace(cluster, name, Injection::Enabled).await?;
        let mut configurations = shipped(&setup.url(), &scene.authority.pem())?;
        configurations
            .retain(|object| collection(object).ends_with("/mutatingwebhookconfigurations"));
        for configuration in &mut configurations {
            rename(configuration, name);
            let only = json!({"matchLabels": {"kubernetes.io/metadata.name": name}});
            configuration["webhooks"][0]["namespaceSelector"] = only;
        }
        register(&cluster.api, &configurations).await?;

        let before = requests(&scene.berth.metrics().await?);
        let seen = requests(&second.metrics().await?);
        let reply = cluster
            .api
            .create(&pod(name, "web"), Persist::Store)
            .await?;
        let stored = reply.ok()?;
        assert_eq!(
            stored["spec"]["nodeSelector"],
            json!({"karpenter.sh/nodepool": "amd64-default"})
        );
        let terms = stored.pointer(
            "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms",
        );
        let requirement =
            json!({"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]});
        assert_eq!(terms, Some(&json!([{"matchExpressions": [requirement]}])));
        let mark = text(&stored, "/metadata/annotations/example.com~1second");
        assert_eq!(mark, "seen", "{stored}");
        // berth is asked again if the other one changed something after it, and finds nothing to do.
        let calls_of_berth = requests(&scene.berth.metrics().await?) - before;
        assert_eq!(calls_of_berth, calls, "{name}");
        let calls_of_second = requests(&second.metrics().await?) - seen;
        assert_eq!(calls_of_second, 1, "{name}");
    }
    Ok(())
}

/// Returns the number of reviews that `/mutate` has answered.
fn requests(metrics: &str) -> u64 {
    let lines = metrics.lines().filter(|line| {
        line.starts_with("berth_admission_requests_total{") && line.contains("endpoint=\"mutate\"")
    });
    let counts = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    counts.sum()
}
