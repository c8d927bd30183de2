//! The agreement of berth and Karpenter on generated pods and node pools: every difference is explained.
//!
//! A pod that berth calls unschedulable gets Karpenter's own refusal and no node. A pod that berth places gets a node
//! of a node pool that it named. A pod that berth leaves alone although some node pool fits gets a node.
//! `compare` has the reasons for which the two may differ. `BERTH_SEED` runs other pods, and
//! `BERTH_AGREEMENT_PODS` runs more. On KWOK the cluster grows slow with some hundred nodes, so that more seeds are
//! better than more pods.

mod compare;
pub(crate) mod generate;
mod journal;
pub(crate) mod labels;
#[path = "../it/model/names.rs"]
#[expect(dead_code, reason = "the integration tests speak of more")]
pub(crate) mod names;
pub(crate) mod node_pools;
pub(crate) mod pods;
mod policies;
pub(crate) mod provider;
mod round;
#[path = "../it/model/scheduler.rs"]
#[expect(
    dead_code,
    reason = "only labels are compared: Karpenter knows the taints of nodes"
)]
mod scheduler;
#[path = "../it/model/selectors.rs"]
#[expect(dead_code, reason = "a pod is passed over for one label")]
pub(crate) mod selectors;
mod state;
mod summary;
mod told;
mod words;

use anyhow::{Context, ensure};

use self::generate::Generator;
use self::provider::Provider;
use self::round::Round;
use self::summary::Summary;
use crate::harness::cluster::Cluster;

const SEED: u64 = 1;

/// Compares the words on the node pools and pods of one provider.
pub(crate) async fn run(cluster: &Cluster, provider: &Provider) -> anyhow::Result<()> {
    let seed = from_environment("BERTH_SEED")?.unwrap_or(SEED);
    let pods = from_environment("BERTH_AGREEMENT_PODS")?.unwrap_or(provider.pods);
    let mut summary = Summary::default();
    for round in 0..pods.div_ceil(provider.pods_of_a_round) {
        let mut generator = Generator::new(provider, seed, round);
        Round::new(cluster, provider, &mut generator, round)
            .await?
            .run(&mut generator, &mut summary)
            .await
            .with_context(|| format!("seed {seed}, round {round}"))?;
    }
    eprintln!("seed {seed}: {summary}");
    let differences = summary.differences;
    ensure!(differences == 0, "{differences} pods differed, see above");
    Ok(())
}

fn from_environment<T: std::str::FromStr>(name: &str) -> anyhow::Result<Option<T>> {
    let Ok(text) = std::env::var(name) else {
        return Ok(None);
    };
    let number = text.parse().ok();
    Ok(Some(number.with_context(|| {
        format!("{name}: {text:?} is no number")
    })?))
}
