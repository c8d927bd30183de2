//! The traffic of pods: placed, in Audit, in conflict, refused, warned of, and created while berth is out of reach.

use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::account::CERTIFICATE;
use crate::harness::api::{Persist, text};
use crate::harness::cluster::Cluster;
use crate::harness::registration::{register, shipped};
use crate::harness::scene::{Injection, namespace, pod};

const NAMESPACE: &str = "monitored";

/// A client that creates pods. None is stored, since only admission counts.
pub(super) struct Traffic<'c> {
    cluster: &'c Cluster,
    bundle: String,
    url: String,
}

impl<'c> Traffic<'c> {
    /// Registers a berth at this address. It has made its certificate already.
    pub(super) async fn new(cluster: &'c Cluster, url: &str) -> anyhow::Result<Self> {
        namespace(cluster, NAMESPACE, Injection::Enabled).await?;
        let secret = cluster.api.get(CERTIFICATE).await?.unwrap_or_default();
        // The bundle is the one that berth would fill in.
        let bundle = STANDARD.decode(text(&secret, "/data/ca.crt"))?;
        let traffic = Self {
            cluster,
            bundle: String::from_utf8(bundle)?,
            url: url.to_owned(),
        };
        traffic.registered_at(url).await?;
        Ok(traffic)
    }

    /// Has everything happen once. Far more calls succeed than fail.
    pub(super) async fn send(&self) -> anyhow::Result<()> {
        for _ in 0..10 {
            self.create(&with(&json!({}), &json!({}))).await?;
        }
        let pool = |name: &str| json!({"placement.truemark.io/pool": name});
        let spot = json!({"nodeSelector": {"karpenter.sh/capacity-type": "spot"}});
        let everywhere = json!({"tolerations": [{"operator": "Exists"}]});
        self.create(&with(&json!({"tried": "true"}), &json!({})))
            .await?;
        self.create(&with(&pool("truemark"), &spot)).await?;
        self.create(&with(&json!({}), &everywhere)).await?;
        let misspelt = with(&pool("truemrk"), &json!({}));
        let reply = self.cluster.api.create(&misspelt, Persist::DryRun).await?;
        ensure!(!reply.status.is_success(), "it is taken: {reply:?}");

        // No berth listens there.
        self.registered_at("https://127.0.0.1:1").await?;
        self.create(&with(&json!({}), &json!({}))).await?;
        self.registered_at(&self.url).await
    }

    async fn registered_at(&self, url: &str) -> anyhow::Result<()> {
        register(&self.cluster.api, &shipped(url, &self.bundle)?).await
    }

    async fn create(&self, pod: &Value) -> anyhow::Result<()> {
        let reply = self.cluster.api.create(pod, Persist::DryRun).await?;
        reply.ok().map(drop)
    }
}

/// Returns a pod with these labels, and these fields in its spec.
fn with(labels: &Value, spec: &Value) -> Value {
    let mut pod = pod(NAMESPACE, "asked");
    pod["metadata"]["labels"] = labels.clone();
    for (key, value) in spec.as_object().into_iter().flatten() {
        pod["spec"][key] = value.clone();
    }
    pod
}
