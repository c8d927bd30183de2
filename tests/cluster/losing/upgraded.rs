//! The API server, replaced by a newer one under load.

use std::time::Instant;

use anyhow::{bail, ensure};

use super::asking::Asking;
use super::dials::{Dial, Dials, NAMESPACE};
use super::extent::amounts;
use super::row;
use super::scene::Scene;
use crate::harness::cluster::{Cluster, Extent};
use crate::harness::load::Load;
use crate::harness::programs::Programs;
use crate::harness::registration::{register, shipped};
use crate::runner::NotRun;

/// The API server is stopped and its next version started on the same etcd, while pods are created. Every pod that it
/// admits is placed, and berth, which is not restarted, follows the new one.
pub(crate) async fn upgraded(newer: &Cluster) -> anyhow::Result<()> {
    let amounts = amounts()?;
    let programs = match amounts.upgraded_from {
        None => newer.programs.clone(),
        Some(version) => match Programs::of(Some(version.into()))? {
            Programs::At(directory) => directory,
            Programs::Unavailable(reason) => bail!(NotRun(reason)),
        },
    };
    let cluster = Cluster::start(&programs, Extent::ApiServer).await?;
    let scene = Scene::new(&cluster).await?;
    let configurations = shipped(&scene.setup.url(), &scene.authority.pem())?;
    register(&cluster.api, &configurations).await?;
    let before = cluster.version().await?;
    let asking = Asking::start(&scene.berth).await?;
    let load = Load::start(&cluster, NAMESPACE);
    let after = asking.during(async {
        load.more_placed(50).await?;
        cluster.stop("kube-apiserver", amounts.grace).await?;
        cluster.start_api_server_of(&newer.programs).await?;
        let begin = Instant::now();
        for dial in Dial::ALL {
            asking.turn(&cluster.api, dial).await?;
        }
        asking.until(Dials::all(1)).await?;
        let after = begin.elapsed();
        load.more_placed(50).await?;
        Ok(after)
    });
    let after = after.await?;
    let report = load.stop().await;
    ensure!(
        report.unplaced == 0,
        "{} of {}",
        report.unplaced,
        report.placed
    );
    // Nobody answers meanwhile, or says that it is about to end.
    let is_answer = |message: &&String| {
        message.starts_with(|char: char| char.is_ascii_digit())
            && !message.ends_with("is shutting down")
    };
    let answers: Vec<_> = report.refused.iter().filter(is_answer).collect();
    ensure!(answers.is_empty(), "{answers:?}");
    let now = cluster.version().await?;
    let memory = row::mebibytes(scene.berth.resident()?);
    let more = format!("{memory}; {} pods admitted, all placed", report.placed);
    row::judged(
        &asking,
        &format!("{before} replaced by {now}"),
        after,
        &more,
    )
}
