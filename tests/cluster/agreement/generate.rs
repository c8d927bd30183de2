//! The generator of node pools, a policy that names them, and pods that fit or nearly do. The same seed gives the same.

use proptest::sample::subsequence;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::labels::NODE_POOLS;
use super::pods::Sketch;
use super::policies::policy;
use super::provider::Provider;

/// A cluster's node pools, and a policy for it.
pub(super) struct World {
    pub(super) node_pools: Vec<Value>,
    pub(super) policy: Value,
}

/// A source of worlds and pods, each different from the last.
pub(super) struct Generator<'p> {
    provider: &'p Provider,
    runner: TestRunner,
    /// The names of the round's pods.
    pub(super) pods: Vec<String>,
    suffix: String,
}

impl<'p> Generator<'p> {
    pub(super) fn new(provider: &'p Provider, seed: u64, round: usize) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&(round as u64).to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self {
            provider,
            runner: TestRunner::new_with_rng(Config::default(), rng),
            pods: (0..provider.pods_of_a_round)
                .map(|pod| format!("r{round}-p{pod}"))
                .collect(),
            suffix: format!("-r{round}"),
        }
    }

    fn make<T: std::fmt::Debug>(
        &mut self,
        strategy: &impl Strategy<Value = T>,
    ) -> anyhow::Result<T> {
        let tree = strategy.new_tree(&mut self.runner);
        Ok(tree
            .map_err(|reason| anyhow::anyhow!("{reason}"))?
            .current())
    }

    pub(super) fn world(&mut self) -> anyhow::Result<World> {
        let names = self.make(&subsequence(&NODE_POOLS[..], 6..=12))?;
        let mut node_pools = Vec::new();
        for name in names {
            node_pools.push(self.make(&(self.provider.node_pool)(name, &self.pods))?);
        }
        let mut policy = self.make(&policy(&node_pools))?;
        for node_pool in &mut node_pools {
            self.rename(node_pool);
        }
        self.rename(&mut policy);
        Ok(World { node_pools, policy })
    }

    pub(super) fn pod(&mut self) -> anyhow::Result<Sketch> {
        let mut sketch = self.make(&(self.provider.pod)())?;
        self.rename(&mut sketch.spec);
        Ok(sketch)
    }

    /// Adds the suffix of the round to the names of node pools, wherever they occur.
    fn rename(&self, value: &mut Value) {
        match value {
            Value::String(name) if NODE_POOLS.contains(&name.as_str()) => {
                name.push_str(&self.suffix);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.rename(field)),
            _ => {}
        }
    }
}

/// The text that stands for a pod's own name in generated values.
pub(crate) const SELF: &str = "itself";

/// Writes a pod's name wherever [`SELF`] occurs as a value.
pub(super) fn named(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text == SELF => name.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| named(item, name)),
        Value::Object(fields) => fields.values_mut().for_each(|field| named(field, name)),
        _ => {}
    }
}
