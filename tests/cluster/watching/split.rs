//! The watch of pods: there is one only while the policy has a split, and it is missed where the right is missing.

use anyhow::{Context, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::stage::{Stage, default_policy, namespace};
use crate::harness::api::{Persist, text};
use crate::harness::cluster::Cluster;
use crate::harness::scene::pod;
use crate::harness::{account, eventually};

const CAPACITY: &str = "/metadata/labels/placement.truemark.io~1capacity";
const COST: &str = "/metadata/annotations/controller.kubernetes.io~1pod-deletion-cost";
const WATCH: &str = r#"berth_watch_contact_timestamp_seconds{resource="pods"}"#;

/// Returns the default policy with one pool more, which is split.
fn split_policy(pool: &str) -> anyhow::Result<Value> {
    let mut policy = default_policy()?;
    let pools = policy["spec"]["pools"].as_array_mut();
    pools.context("no pools")?.push(json!({
        "name": pool,
        "nodePools": ["amd64-default"],
        "onDemand": {
            "nodePools": ["truemark-amd64"],
            "baseCapacity": 1,
            "percentageAboveBaseCapacity": 50,
        },
    }));
    Ok(policy)
}

/// Returns a pod of a pool as a ReplicaSet makes it.
fn pod_of(pool: &str, owner: &str, name: &str) -> Value {
    let mut pod = pod("split", name);
    pod["metadata"]["labels"] = json!({"placement.truemark.io/pool": pool});
    pod["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": owner, "controller": true},
    ]);
    pod
}

/// The pods that a policy without a split leaves unseen, the right to see them, and berth without it.
pub(crate) async fn split(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    let (api, berth) = (&cluster.api, &stage.berth);
    namespace(cluster, "split", json!({})).await?;
    let is_watched = async || anyhow::Ok(berth.metric(WATCH).await?.is_some_and(|time| time > 0.0));
    let side = async |owner: &str, name: &str, persist: Persist| -> anyhow::Result<Value> {
        api.create(&pod_of("web", owner, name), persist).await?.ok()
    };
    ensure!(!is_watched().await?, "berth sees pods that nobody splits");

    // Without the right it draws lots, and says so.
    api.apply(&split_policy("web")?).await?;
    let lots = async || {
        let of = |side: &str| {
            format!(
                r#"berth_split_decisions_total{{pool="web",capacity="{side}",basis="lot",mode="Enforce"}}"#
            )
        };
        let mut lots = 0.0;
        for side in ["on-demand", "spot"] {
            lots += berth.metric(&of(side)).await?.unwrap_or_default();
        }
        anyhow::Ok(lots)
    };
    eventually("berth draws a lot", async || {
        let pod = side("one", "drawn", Persist::DryRun).await?;
        Ok((!text(&pod, CAPACITY).is_empty()).then_some(()))
    })
    .await?;
    ensure!(lots().await? > 0.0, "{}", berth.metrics().await?);
    eventually("berth misses the right to see pods", async || {
        let errors = r#"berth_watch_errors_total{resource="pods"}"#;
        Ok(berth.metric(errors).await?.filter(|errors| *errors > 0.0))
    })
    .await?;
    ensure!(berth.log()?.contains("cannot watch"), "{}", berth.log()?);

    // With the right it counts.
    account::let_see_pods(cluster).await?;
    eventually("berth sees pods", async || {
        Ok(is_watched().await?.then_some(()))
    })
    .await?;
    eventually("berth counts", async || {
        let before = lots().await?;
        side("two", "counted", Persist::DryRun).await?;
        Ok((lots().await? <= before).then_some(()))
    })
    .await?;
    let mut sides = Vec::new();
    for number in 1..=5 {
        let stored = side("three", &format!("web-{number}"), Persist::Store).await?;
        // A dry run counts for nothing.
        side("three", "dry", Persist::DryRun).await?;
        sides.push((
            text(&stored, CAPACITY).to_owned(),
            text(&stored, COST).to_owned(),
        ));
    }
    let expected = [
        ("on-demand", "-1"),
        ("on-demand", "-2"),
        ("spot", "-3"),
        ("on-demand", "-4"),
        ("spot", "-5"),
    ];
    let expected = expected.map(|(side, cost)| (side.to_owned(), cost.to_owned()));
    ensure!(sides == expected, "{sides:?}");
    // A pod that is deleted leaves its place, and one that is done does too.
    api.delete("/api/v1/namespaces/split/pods/web-2?gracePeriodSeconds=0")
        .await?;
    let done = json!({"status": {"phase": "Succeeded"}});
    api.merge("/api/v1/namespaces/split/pods/web-3/status", &done)
        .await?;
    let replaced = async |expected: (&str, &str)| {
        eventually("a pod takes a place that is free", async || {
            let pod = side("three", "next", Persist::DryRun).await?;
            Ok((expected == (text(&pod, CAPACITY), text(&pod, COST))).then_some(()))
        })
        .await
    };
    replaced(("on-demand", "-2")).await?;
    side("three", "web-6", Persist::Store).await?;
    replaced(("spot", "-3")).await?;

    // Without a split nobody looks at pods any more.
    api.apply(&default_policy()?).await?;
    eventually("berth sees no pods", async || {
        Ok((!is_watched().await?).then_some(()))
    })
    .await
}

/// The controllers, and the pods of each, of a large cluster.
const OWNERS: usize = 20;
const PODS: usize = 40;

/// Pods of many controllers that are created side by side are split exactly. What it costs is printed.
pub(crate) async fn split_at_once(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    let (api, berth) = (&cluster.api, &stage.berth);
    account::let_see_pods(cluster).await?;
    namespace(cluster, "split-at-once", json!({})).await?;
    api.apply(&split_policy("crowd")?).await?;
    eventually("berth sees pods", async || {
        let contact = berth.metric(WATCH).await?;
        Ok(contact.filter(|time| *time > 0.0))
    })
    .await?;
    let (before, memory) = (berth.ran()?, berth.resident()?);
    let pods = (0..OWNERS * PODS).map(|number| {
        let owner = format!("owner-{}", number % OWNERS);
        let mut pod = pod_of("crowd", &owner, &format!("crowd-{number}"));
        pod["metadata"]["namespace"] = json!("split-at-once");
        pod
    });
    let created: Vec<Value> = stream::iter(pods)
        .map(async |pod| api.create(&pod, Persist::Store).await?.ok())
        .buffer_unordered(8)
        .try_collect()
        .await?;
    // One without a side was let through while berth was not asked, or did not answer in time.
    let unseen = created.iter().filter(|pod| text(pod, CAPACITY).is_empty());
    ensure!(unseen.count() == 0, "{}", berth.metrics().await?);
    let asked = 1 + (PODS - 1).div_ceil(2);
    let shown = [
        (
            r#"berth_split_pods{pool="crowd",capacity="on-demand"}"#,
            OWNERS * asked,
        ),
        (
            r#"berth_split_pods{pool="crowd",capacity="spot"}"#,
            OWNERS * (PODS - asked),
        ),
        (r#"berth_split_pods_misplaced{pool="crowd"}"#, 0),
    ];
    for (series, pods) in shown {
        eventually(series, async || {
            let shown = berth.metric(series).await?;
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let is_so = shown == Some(pods as f64);
            Ok(is_so.then_some(()))
        })
        .await
        .with_context(|| format!("{pods} pods"))?;
    }
    for owner in 0..OWNERS {
        let uid = format!("owner-{owner}");
        let own = created
            .iter()
            .filter(|pod| text(pod, "/metadata/ownerReferences/0/uid") == uid);
        let own = own.filter(|pod| text(pod, CAPACITY) == "on-demand");
        ensure!(own.count() == asked, "{uid}");
    }
    println!(
        "    {:?} on a core and {} KiB for {} pods",
        berth.ran()?.saturating_sub(before),
        berth.resident()?.saturating_sub(memory) / 1024,
        created.len()
    );
    Ok(())
}
