//! etcd, put back to an older state.

use std::process::Command;

use anyhow::{Context, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::asking::Asking;
use super::dials::{Dial, Dials, namespace};
use super::extent::amounts;
use super::row;
use super::scene::{Scene, prepare};
use crate::harness::cluster::Cluster;
use crate::harness::{PATIENCE, eventually};
use crate::watching::stage::POLICIES;

const NEWER: &str = "newer-than-the-backup";

/// Stops the API server and etcd, has something done to the data of etcd, and starts both again.
async fn with_etcd_stopped(
    cluster: &Cluster,
    act: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    cluster.kill_api_server();
    cluster.stop("etcd", PATIENCE).await?;
    act()?;
    cluster.start_etcd()?;
    cluster.start_api_server().await
}

/// Copies the directory of etcd's data to its backup, or back.
fn copy(cluster: &Cluster, to_backup: bool) -> anyhow::Result<()> {
    let (data, backup) = (cluster.etcd_data(), cluster.path().join("etcd-backup"));
    let (from, to) = if to_backup {
        (data, backup)
    } else {
        (backup, data)
    };
    if to.exists() {
        std::fs::remove_dir_all(&to)?;
    }
    let copied = Command::new("cp").arg("-r").args([&from, &to]).status();
    ensure!(copied.context("cp")?.success(), "{}", from.display());
    Ok(())
}

/// Writes to etcd so often that no start of an API server makes up for it.
async fn write(cluster: &Cluster, writes: usize) -> anyhow::Result<()> {
    let path = "/api/v1/namespaces/default";
    stream::iter(0..writes)
        .map(|number| {
            let change = json!({"metadata": {"annotations": {"write": number.to_string()}}});
            async move { cluster.api.merge(path, &change).await }
        })
        .buffer_unordered(16)
        .try_for_each(async |_| Ok(()))
        .await
}

/// Returns the version of the newest state of the cluster.
async fn revision(cluster: &Cluster) -> anyhow::Result<u64> {
    let list = cluster.api.get("/api/v1/namespaces?limit=1").await?;
    let version = list
        .as_ref()
        .map(|list| &list["metadata"]["resourceVersion"]);
    let version = version.and_then(Value::as_str);
    Ok(version.context("no version")?.parse()?)
}

/// etcd is put back to a backup, as nobody should do it: the versions of objects go back, too, so the API server takes the
/// watches of its clients and says nothing of all that it writes until their versions are reached. berth notices, answers
/// by the older state, and follows what comes after.
pub(crate) async fn restored(cluster: &Cluster) -> anyhow::Result<()> {
    let api = &cluster.api;
    prepare(cluster).await?;
    with_etcd_stopped(cluster, || copy(cluster, true)).await?;
    let backup = revision(cluster).await?;
    let scene = Scene::start(cluster).await?;
    let asking = Asking::start(&scene.berth).await?;
    let after = asking.during(async {
        for _ in 0..3 {
            for dial in Dial::ALL {
                asking.turn(api, dial).await?;
            }
        }
        api.apply(&namespace(NEWER, "p0")).await?;
        write(cluster, amounts()?.lost_writes).await?;
        asking.until(Dials::all(3)).await?;
        let last = revision(cluster).await?;

        asking.put_back(Dials::default());
        with_etcd_stopped(cluster, || copy(cluster, false)).await?;
        let now = revision(cluster).await?;
        ensure!(
            now < last,
            "{last} is reached again: {now}, after a backup of {backup}"
        );
        let after = asking.until(Dials::default()).await?;
        // The namespace that the backup does not have is forgotten, too.
        let stored = api.list("/api/v1/namespaces").await?.len();
        eventually("berth knows the namespaces of the backup", async || {
            let series = "berth_watched_objects{resource=\"namespaces\"}";
            let known = scene.berth.metric(series).await?.unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let all = (known - stored as f64).abs() < 0.5;
            Ok(all.then_some(()))
        })
        .await?;

        // It follows, though the versions are still those that it has seen before.
        for dial in Dial::ALL {
            asking.turn(api, dial).await?;
        }
        asking.until(Dials::all(1)).await?;
        eventually("the status is that of the policy", async || {
            let policy = api
                .get(&format!("{POLICIES}/default"))
                .await?
                .unwrap_or_default();
            let observed = &policy["status"]["observedGeneration"];
            Ok((*observed == policy["metadata"]["generation"]).then_some(()))
        })
        .await?;
        ensure!(revision(cluster).await? < last, "{last} is reached again");
        Ok(after)
    });
    let after = after.await?;
    let memory = row::mebibytes(scene.berth.resident()?);
    row::judged(&asking, "etcd put back to a backup", after, &memory)
}
