//! Numbers that the tests set in a cluster, and read from berth's answers.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::api::{Api, text};
use crate::watching::stage::shipped_node_pool;

/// The namespace whose label is a dial.
pub(super) const NAMESPACE: &str = "dials";

/// The number of pools, of which the label of the namespace names one: this dial goes round.
const ROUND: u64 = 60;

/// The things that carry a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dial {
    /// The name of the policy's rule.
    Policy,
    /// The value of a taint of the node pool.
    NodePool,
    /// The pool that the label of the namespace names.
    Namespace,
}

impl Dial {
    pub(super) const ALL: [Self; 3] = [Self::Policy, Self::NodePool, Self::Namespace];
}

/// The numbers on the three dials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dials([u64; 3]);

impl Dials {
    /// Returns the dials with this number on each.
    pub(super) fn all(number: u64) -> Self {
        Self([number; 3])
    }

    pub(super) fn of(self, dial: Dial) -> u64 {
        self.0[dial as usize]
    }

    pub(super) fn with(mut self, dial: Dial, number: u64) -> Self {
        self.0[dial as usize] = number;
        self
    }

    /// Stores the number of one dial in the cluster.
    pub(super) async fn store(self, api: &Api, dial: Dial) -> anyhow::Result<()> {
        let number = self.of(dial);
        let object = match dial {
            Dial::Policy => policy(number),
            Dial::NodePool => node_pool(number)?,
            Dial::Namespace => namespace(NAMESPACE, &pool(number)),
        };
        api.apply(&object).await?;
        Ok(())
    }

    /// Stores all numbers in the cluster.
    pub(super) async fn store_all(self, api: &Api) -> anyhow::Result<()> {
        for dial in Dial::ALL {
            self.store(api, dial).await?;
        }
        Ok(())
    }

    /// Returns the patch that a pod of the namespace gets by these numbers, from the one that it gets by zeros.
    pub(super) fn patch(self, zeros: &str) -> String {
        let [policy, node_pool, namespace] = self.0;
        zeros
            .replace("rule=step-0 ", &format!("rule={} ", rule(policy)))
            .replace("\"dial-0\"", &format!("\"dial-{node_pool}\""))
            .replace("pool=p0 ", &format!("pool={} ", pool(namespace)))
            .replace("\"p0\"", &format!("\"{}\"", pool(namespace)))
    }

    /// Reads the numbers of a patch. Of the dial that goes round, it is the next after that of `before`.
    pub(super) fn read(patch: &str, before: Self) -> Option<Self> {
        let number = |mark: &str| {
            let (_, rest) = patch.split_once(mark)?;
            let end = rest.find(|char: char| !char.is_ascii_digit())?;
            rest[..end].parse::<u64>().ok()
        };
        let last = before.of(Dial::Namespace);
        let pool = number(" pool=p")?;
        Some(Self([
            number("rule=step-")?,
            number("\"dial-")?,
            last + (pool + ROUND - last % ROUND) % ROUND,
        ]))
    }
}

fn rule(number: u64) -> String {
    format!("step-{number}")
}

fn pool(number: u64) -> String {
    format!("p{}", number % ROUND)
}

/// Returns the policy whose only rule sends the pods of a namespace to the pool that it names.
pub(super) fn policy(number: u64) -> Value {
    let pools =
        (0..ROUND).map(|number| json!({"name": pool(number), "nodePools": ["amd64-batch"]}));
    let label = "placement.truemark.io/pool";
    let named = json!({"matchExpressions": [{"key": label, "operator": "Exists"}]});
    json!({
        "apiVersion": "placement.truemark.io/v1alpha1",
        "kind": "PlacementPolicy",
        "metadata": {"name": "default"},
        "spec": {
            "mode": "Enforce",
            "architectures": {"known": ["amd64", "arm64"], "default": "amd64"},
            "pools": pools.collect::<Vec<_>>(),
            "rules": [{
                "name": rule(number),
                "match": {"namespaceLabels": named},
                "place": {"poolFromNamespaceLabel": label},
            }],
        },
    })
}

fn node_pool(number: u64) -> anyhow::Result<Value> {
    let mut node_pool = shipped_node_pool("amd64-batch")?;
    let dial = format!("dial-{number}");
    let taint = json!({"key": "example.com/dial", "value": dial, "effect": "NoSchedule"});
    node_pool["spec"]["template"]["spec"]["taints"] = json!([taint]);
    Ok(node_pool)
}

/// Returns a namespace that has opted in and names a pool.
pub(super) fn namespace(name: &str, pool: &str) -> Value {
    let labels = json!({
        "placement.truemark.io/injection": "enabled",
        "placement.truemark.io/pool": pool,
    });
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

/// Returns the patch of an answer; empty if there is none.
pub(super) fn patch_of(answer: &Value) -> anyhow::Result<String> {
    let patch = STANDARD.decode(text(answer, "/response/patch"))?;
    String::from_utf8(patch).context("the patch")
}
