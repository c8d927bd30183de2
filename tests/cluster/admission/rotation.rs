//! A new certificate and a new authority, under load: no pod goes unplaced.

use crate::harness::api::Api;
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::load::{Load, Report};
use crate::harness::pki::Authority;
use crate::harness::registration::{register, shipped};
use crate::harness::scene::{Injection, Scene, namespace};

pub(crate) async fn rotation(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    namespace(cluster, "rotation", Injection::Enabled).await?;
    let (setup, old, new) = (&scene.setup, &scene.authority, Authority::new("berth-2")?);
    let url = setup.url();
    let load = Load::start(cluster, "rotation");
    load.more_placed(50).await?;

    // A new certificate of the same authority needs nothing else.
    setup.present(&old.server("berth")?)?;
    load.more_placed(50).await?;

    // The new authority is trusted first, then used, and the old one is removed last.
    let both = format!("{}{}", old.pem(), new.pem());
    register(&cluster.api, &shipped(&url, &both)?).await?;
    load.more_placed(50).await?;
    setup.present(&new.server("berth")?)?;
    presented(&url, &new).await?;
    load.more_placed(50).await?;
    register(&cluster.api, &shipped(&url, &new.pem())?).await?;
    load.more_placed(50).await?;

    let report = load.stop().await;
    assert_eq!(report.refused, Vec::<String>::new());
    assert_eq!(report.unplaced, 0, "of {} pods", report.placed);

    // The test would have seen a mistake: the API server does not trust a berth whose authority is not in the bundle.
    // The old bundle would not show it, since the API server keeps the connections that it made with it.
    let stranger = Authority::new("berth-3")?;
    register(&cluster.api, &shipped(&url, &stranger.pem())?).await?;
    let load = Load::start(cluster, "rotation");
    let unplaced = |before: &Report, now: &Report| now.unplaced >= before.unplaced + 10;
    load.until("pods are created without berth", unplaced)
        .await?;
    let report = load.stop().await;
    assert_eq!((report.placed, report.refused), (0, Vec::new()));
    Ok(())
}

/// Waits until a server presents a certificate of this authority.
async fn presented(url: &str, authority: &Authority) -> anyhow::Result<()> {
    eventually("the new certificate is presented", async || {
        let mut config = kube::Config::new(url.parse()?);
        config.root_cert = Some(vec![authority.der()]);
        // Any answer over a trusted connection is enough.
        Ok(Api::new(config)?.raw("/").await.ok())
    })
    .await?;
    Ok(())
}
