//! The files of the platform, with the facts of the stand-in for AWS.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::harness::api::text;
use crate::harness::aws::facts;
use crate::harness::cluster::{Cluster, condition};
use crate::harness::operator::Operator;
use crate::harness::{documents, eventually};

/// Makes a kustomization in the operator's `pools/` that adds the two facts of a cluster, as the platform's page says.
pub(super) fn filled_in(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    operator.runs("mkdir -p pools && cp -r deploy/platforms pools/")?;
    let literals = facts().map(|(fact, value)| format!("{fact}={value}"));
    let kustomization = json!({
        "resources": ["platforms/karpenter"],
        "components": ["platforms/cluster-facts"],
        "configMapGenerator": [
            {"name": "cluster-facts", "behavior": "merge", "literals": literals},
        ],
    });
    operator.write("pools/kustomization.yaml", &kustomization.to_string())
}

/// Returns the node class.
pub(super) fn node_class(cluster: &Cluster) -> anyhow::Result<Value> {
    filled_in(cluster)?;
    let rendered = Operator::new(cluster)?.runs("kubectl kustomize pools")?;
    let mut objects = documents(&rendered)?.into_iter();
    let node_class = objects.find(|object| text(object, "/kind") == "EC2NodeClass");
    node_class.context("the platform has no node class")
}

/// Waits until Karpenter says of all objects of a collection that they are ready.
pub(super) async fn ready(cluster: &Cluster, collection: &str) -> anyhow::Result<()> {
    eventually(&format!("{collection} are ready"), async || {
        let objects = cluster.api.list(collection).await?;
        ensure!(!objects.is_empty(), "there are none");
        let ready = objects.iter().all(|object| condition(object, "Ready"));
        Ok(ready.then_some(()))
    })
    .await
}
