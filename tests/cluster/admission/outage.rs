//! Outages of berth while pods are created: none is refused.

use crate::harness::berth::Setup;
use crate::harness::cluster::Cluster;
use crate::harness::load::{Load, Report};
use crate::harness::registration::{register, shipped};
use crate::harness::scene::{Injection, Scene, namespace};

/// Without berth pods are not placed until it is back, and nothing else is lost.
pub(crate) async fn killed_and_restarted(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    namespace(cluster, "killed", Injection::Enabled).await?;
    let load = Load::start(cluster, "killed");
    load.more_placed(50).await?;
    scene.berth.kill();
    let unplaced = |before: &Report, now: &Report| now.unplaced >= before.unplaced + 50;
    load.until("pods are created without berth", unplaced)
        .await?;
    let _berth = scene.setup.start().await?;
    load.more_placed(50).await?;
    let report = load.stop().await;
    assert_eq!(report.refused, Vec::<String>::new());
    Ok(())
}

/// In a rollout the new berth is ready, the old one is told to end, and only then does the API server hear of the new
/// one. Every pod is placed, because the old one goes on serving meanwhile.
pub(crate) async fn rolled(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    namespace(cluster, "rolled", Injection::Enabled).await?;
    let load = Load::start(cluster, "rolled");
    load.more_placed(50).await?;
    let setup = Setup::new(cluster, "berth-new", &scene.authority)?;
    let _new = setup.start().await?;
    let configurations = shipped(&setup.url(), &scene.authority.pem())?;
    let (ended, registered) = tokio::join!(
        scene.berth.terminate(),
        register(&cluster.api, &configurations)
    );
    ended?;
    registered?;
    load.more_placed(50).await?;
    let report = load.stop().await;
    assert_eq!(report.refused, Vec::<String>::new());
    assert_eq!(report.unplaced, 0, "of {} pods", report.placed);
    Ok(())
}

/// A registration has no bundle before there is a certificate. berth cannot be called then, and pods are created.
pub(crate) async fn before_the_certificate(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    namespace(cluster, "early", Injection::Enabled).await?;
    let mut configurations = shipped(&scene.setup.url(), "")?;
    register(&cluster.api, &configurations).await?;
    let load = Load::start(cluster, "early");
    let unplaced = |before: &Report, now: &Report| now.unplaced >= before.unplaced + 10;
    load.until("pods are created without berth", unplaced)
        .await?;
    configurations = shipped(&scene.setup.url(), &scene.authority.pem())?;
    register(&cluster.api, &configurations).await?;
    load.more_placed(10).await?;
    let report = load.stop().await;
    assert_eq!(report.refused, Vec::<String>::new());
    Ok(())
}
