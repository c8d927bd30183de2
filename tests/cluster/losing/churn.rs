//! Memory under constant change.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::asking::Asking;
use super::dials::{Dial, namespace};
use super::extent::amounts;
use super::row;
use super::scene::Scene;
use crate::harness::api::{Api, path};
use crate::harness::cluster::Cluster;
use crate::watching::stage::shipped_node_pool;

/// The time between two changes.
const CHANGES: Duration = Duration::from_millis(25);

/// The objects of each kind that come, change and go.
const NAMESPACES: u64 = 500;
const NODE_POOLS: u64 = 50;

/// The parts of a run. The first is that in which the memory may grow to what it takes.
const PARTS: usize = 6;

/// The most by which the last part may be above the second, in bytes.
const GROWTH: u64 = 2 << 20;

/// Makes the change of that number: most are of namespaces, as in a cluster.
async fn change(asking: &Asking<'_>, api: &Api, number: u64) -> anyhow::Result<()> {
    let dial = match number % 40 {
        0 => Some(Dial::Policy),
        10 => Some(Dial::NodePool),
        20 => Some(Dial::Namespace),
        _ => None,
    };
    if let Some(dial) = dial {
        return asking.turn(api, dial).await;
    }
    let round = number / 40;
    if number % 40 == 30 {
        let mut node_pool = shipped_node_pool("arm64-batch")?;
        node_pool["metadata"]["name"] = json!(format!("churn-{}", round % NODE_POOLS));
        node_pool["spec"]["limits"]["cpu"] = json!(number.to_string());
        if round.is_multiple_of(3) {
            return api.delete(&path(&node_pool)).await;
        }
        api.apply(&node_pool).await?;
        return Ok(());
    }
    let mut object = namespace(&format!("churn-{}", number % NAMESPACES), "p0");
    object["metadata"]["labels"]["team"] = json!(format!("team-{number}"));
    api.apply(&object).await?;
    Ok(())
}

/// Namespaces, node pools and the policy change all the time, and berth is asked all the time. Its memory stays.
pub(crate) async fn churn(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    let part = amounts()?.churn_for / u32::try_from(PARTS)?;
    let asking = Asking::start(&scene.berth).await?;
    let mut curve = vec![(Duration::ZERO, scene.berth.resident()?)];
    let mut number = 0;
    let after = asking.during(async {
        let begin = Instant::now();
        let mut changes = interval(CHANGES);
        changes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for index in 1..=PARTS {
            let mut most = 0;
            while begin.elapsed() < part * u32::try_from(index)? {
                changes.tick().await;
                change(&asking, &cluster.api, number).await?;
                number += 1;
                most = most.max(scene.berth.resident()?);
            }
            curve.push((begin.elapsed(), most));
        }
        asking.until(asking.stored()).await
    });
    let after = after.await?;
    let shown: Vec<String> = curve
        .iter()
        .map(|(time, bytes)| format!("{} at {}", row::mebibytes(*bytes), clock(*time)))
        .collect();
    let more = shown.join(", ");
    let (settled, last) = (curve[2].1, curve[PARTS].1);
    ensure!(last <= settled + GROWTH, "it grows: {more}");
    let what = format!(
        "{number} changes in {}",
        clock(part * u32::try_from(PARTS)?)
    );
    row::judged(&asking, &what, after, &more)
}

/// Returns a time as minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
