//! Watches that are cut again and again.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::time::{MissedTickBehavior, interval};

use super::asking::Asking;
use super::dials::Dial;
use super::extent::amounts;
use super::row;
use super::scene::Scene;
use crate::harness::cluster::Cluster;

/// The time between two cuts.
const CUTS: Duration = Duration::from_secs(1);

/// The time between two changes in the cluster. The dial of the namespace must not go round before berth looks again.
const CHANGES: Duration = Duration::from_millis(400);

/// The most requests for lists and watches in a second, of all kinds together.
const REQUESTS: f64 = 20.0;

/// Returns the number of lists and watches of what berth follows that the API server has answered.
async fn requests(cluster: &Cluster) -> anyhow::Result<f64> {
    let (_, page) = cluster.api.raw("/metrics").await?;
    let of_berth = |line: &&str| {
        line.starts_with("apiserver_request_total{")
            && (line.contains("verb=\"LIST\"") || line.contains("verb=\"WATCH\""))
            && ["namespaces", "nodepools", "placementpolicies"]
                .iter()
                .any(|resource| line.contains(&format!("resource=\"{resource}\"")))
    };
    let values = page
        .lines()
        .filter(of_berth)
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    Ok(values.sum())
}

/// Every connection of berth to the API server is cut each second, while the cluster changes. Its answers are by what it has
/// heard, its requests to the API server are bounded, and it knows everything soon after.
pub(crate) async fn cut(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    let lasting = amounts()?.cut_for;
    let asking = Asking::start(&scene.berth).await?;
    let before = (
        requests(cluster).await?,
        scene.gate.opened(),
        scene.berth.ran()?,
    );
    let after = asking.during(async {
        let begin = Instant::now();
        let (mut cuts, mut changes) = (interval(CUTS), interval(CHANGES));
        changes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut dials = Dial::ALL.into_iter().cycle();
        while begin.elapsed() < lasting {
            tokio::select! {
                _ = cuts.tick() => scene.gate.cut(),
                _ = changes.tick() => {
                    asking.turn(&cluster.api, dials.next().context("a dial")?).await?;
                }
            }
        }
        Ok((
            begin.elapsed().as_secs_f64(),
            asking.until(asking.stored()).await?,
        ))
    });
    let (seconds, after) = after.await?;
    let asked = (requests(cluster).await? - before.0) / seconds;
    ensure!(asked <= REQUESTS, "{asked} requests a second");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let connections = (scene.gate.opened() - before.1) as f64 / seconds;
    let busy = scene.berth.ran()?.saturating_sub(before.2).as_secs_f64() / seconds;
    let more = format!(
        "{}; {asked:.1} requests and {connections:.1} connections a second to the API server, {:.1} % of a core with the \
         answers, the slowest after {} ms",
        row::mebibytes(scene.berth.resident()?),
        busy * 100.0,
        asking.longest().as_millis()
    );
    let what = format!("connections cut each second for {seconds:.0} s");
    row::judged(&asking, &what, after, &more)
}
