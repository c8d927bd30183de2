//! The definition of the policy, deleted and made again.

use std::time::Instant;

use super::asking::Asking;
use super::dials::{Dial, NAMESPACE, patch_of};
use super::row;
use super::scene::Scene;
use crate::harness::api::path;
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::scene::{definition, pod};
use crate::watching::stage::POLICIES;

/// The policy goes with its definition. berth answers by the policy that it knows or by the default one, and by the next
/// policy of the cluster as soon as that is there.
pub(crate) async fn redefined(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    let api = &cluster.api;
    let definition = definition()?;
    let asking = Asking::start(&scene.berth).await?;
    // By the default policy, the label of the namespace names no pool.
    let pod = pod(NAMESPACE, "asked");
    let after = asking.during(async {
        asking.turn(api, Dial::Policy).await?;
        asking.until(asking.stored()).await?;
        asking.may_lack_policy(Some(String::new()));
        api.delete(&path(&definition)).await?;
        eventually("the definition is gone", async || {
            Ok(api.get(POLICIES).await?.is_none().then_some(()))
        })
        .await?;
        eventually("berth answers by the default policy", async || {
            let reply = scene.berth.mutate(&pod).await?.ok()?;
            let lacks = !patch_of(&reply)?.contains("rule=step-");
            Ok(lacks.then_some(()))
        })
        .await?;
        cluster.define(std::slice::from_ref(&definition)).await?;
        let begin = Instant::now();
        asking.turn(api, Dial::Policy).await?;
        asking.until(asking.stored()).await?;
        asking.may_lack_policy(None);
        Ok(begin.elapsed())
    });
    let after = after.await?;
    let memory = row::mebibytes(scene.berth.resident()?);
    row::judged(
        &asking,
        "the definition deleted and made again",
        after,
        &memory,
    )
}
