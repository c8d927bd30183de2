//! The certificate that berth makes itself: filled in, renewed, handed over, and its authority replaced, under load.

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::stage::{define, namespace, reset};
use crate::harness::account::{self, CERTIFICATE};
use crate::harness::api::{Api, path, text};
use crate::harness::berth::{Berth, Setup};
use crate::harness::cluster::Cluster;
use crate::harness::load::Load;
use crate::harness::registration::{installed, register, shipped};
use crate::harness::{eventually, manifests, repository};

/// The lifetime of a certificate; that of its authority is four times as long.
const LIFETIME: &str = "15s";

/// Sets up a berth with the rights of an installation, which makes its certificate itself.
async fn setup(cluster: &Cluster, name: &str) -> anyhow::Result<Setup> {
    let setup = Setup::without_certificate(cluster, name)?;
    let setup = setup.following(account::kubeconfig(cluster).await?);
    Ok(setup.self_managed(LIFETIME))
}

/// The Secret as it is installed: empty.
async fn install(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    reset(cluster).await?;
    account::install(cluster).await?;
    for object in manifests(&repository(
        "deploy/certificates/self-managed/certificate.yaml",
    ))? {
        cluster.api.delete(&path(&object)).await?;
        cluster.api.apply(&object).await?;
    }
    Ok(())
}

async fn secret(cluster: &Cluster) -> anyhow::Result<Value> {
    cluster.api.get(CERTIFICATE).await?.context("the Secret")
}

/// Returns the certificates of each webhook's bundle, which the API server trusts.
async fn trusted(cluster: &Cluster) -> anyhow::Result<Vec<Vec<CertificateDer<'static>>>> {
    let webhooks = installed(&cluster.api).await?;
    ensure!(webhooks.len() == 5, "of both configurations: {webhooks:?}");
    let certificates = webhooks.iter().map(|webhook| {
        let pem = STANDARD.decode(text(webhook, "/clientConfig/caBundle"))?;
        let certificates = CertificateDer::pem_slice_iter(&pem);
        Ok(certificates.collect::<Result<_, _>>()?)
    });
    certificates.collect()
}

/// Waits until every webhook trusts the same authorities, and they pass the test.
async fn until_trusted(
    cluster: &Cluster,
    what: &str,
    is_so: impl Fn(&[CertificateDer<'static>]) -> bool,
) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    eventually(what, async || {
        let bundles = trusted(cluster).await?;
        let first = bundles.first().context("no webhooks")?;
        let all = bundles.iter().all(|bundle| bundle == first);
        Ok((all && is_so(first)).then(|| first.clone()))
    })
    .await
}

/// True if a berth presents a certificate of this authority for the Service's name.
async fn presents(setup: &Setup, authority: &CertificateDer<'_>) -> anyhow::Result<bool> {
    let mut config = kube::Config::new(setup.url().parse()?);
    config.root_cert = Some(vec![authority.to_vec()]);
    config.tls_server_name = Some("berth.berth-system.svc".to_owned());
    // Any answer over a trusted connection is enough.
    Ok(Api::new(config)?.raw("/").await.is_ok())
}

/// Returns how often a berth has written the Secret.
fn stored(berth: &Berth) -> anyhow::Result<usize> {
    let log = berth.log()?;
    Ok(log.matches("wrote the Secret of the certificate").count())
}

/// From an empty Secret to a second authority, two replicas, one of them lost half-way: no pod goes unplaced.
pub(crate) async fn self_managed(cluster: &Cluster) -> anyhow::Result<()> {
    install(cluster).await?;
    namespace(cluster, "self-managed", json!({})).await?;
    let (one, other) = (setup(cluster, "one").await?, setup(cluster, "other").await?);
    let (first, second) = (one.start().await?, other.start().await?);
    // The API server is to call the one that goes on.
    let url = other.url();
    register(&cluster.api, &shipped(&url, "")?).await?;
    let original = until_trusted(cluster, "caBundle is filled in", |bundle| bundle.len() == 1);
    let original = original.await?.remove(0);
    for setup in [&one, &other] {
        ensure!(presents(setup, &original).await?, "{}", setup.url());
    }
    // Pods that came before berth could be reached were let through.
    let load = Load::start(cluster, "self-managed");
    load.more_placed(1).await?;
    let before = load.report();
    ensure!(before.refused.is_empty(), "{:?}", before.refused);

    let served = text(&secret(cluster).await?, "/data/tls.crt").to_owned();
    eventually("the certificate is renewed", async || {
        Ok((text(&secret(cluster).await?, "/data/tls.crt") != served).then_some(()))
    })
    .await?;
    let introduced = until_trusted(cluster, "a second authority is trusted", |bundle| {
        bundle.len() == 2
    });
    let introduced = introduced.await?;
    ensure!(introduced[0] == original, "who signs comes first");
    let successor = &introduced[1];
    ensure!(!presents(&one, successor).await? && !presents(&other, successor).await?);

    first.kill();
    let before_it_was_alone = stored(&second)?;
    let ended = until_trusted(cluster, "the first authority signs no more", |bundle| {
        bundle.first() == Some(successor)
    });
    ended.await?;
    ensure!(stored(&second)? > before_it_was_alone, "nobody else could");
    let alone = until_trusted(cluster, "the first authority is forgotten", |bundle| {
        !bundle.contains(&original)
    });
    ensure!(alone.await?.contains(successor));

    let report = load.stop().await;
    ensure!(report.refused.is_empty(), "{:?}", report.refused);
    let unplaced = report.unplaced - before.unplaced;
    ensure!(unplaced == 0, "{unplaced} of {} pods", report.placed);
    let errors = second.metric("berth_tls_renewal_errors_total").await?;
    ensure!(errors == Some(0.0), "{}", second.log()?);
    for metric in ["certificate", "authority"] {
        let name = format!("berth_tls_{metric}_not_after_timestamp_seconds");
        let expiry = second.metric(&name).await?.context(name)?;
        ensure!(expiry > 1e9, "{expiry}");
    }

    // Configurations that are deleted and created again are filled in again.
    register(&cluster.api, &shipped(&url, "")?).await?;
    until_trusted(cluster, "caBundle is filled in again", |bundle| {
        !bundle.is_empty()
    })
    .await?;
    Ok(())
}

/// Without any single right berth says that it cannot look after its certificate, and goes on serving.
pub(crate) async fn self_managed_rights(cluster: &Cluster) -> anyhow::Result<()> {
    install(cluster).await?;
    let setup = setup(cluster, "rights").await?;
    let berth = setup.start().await?;
    let registration = shipped(&setup.url(), "")?;
    let errors = async || -> anyhow::Result<f64> {
        let errors = berth.metric("berth_tls_renewal_errors_total").await?;
        errors.context("renewal errors")
    };
    ensure!(errors().await? == 0.0, "{}", berth.log()?);
    let rights = manifests(&repository("deploy/certificates/self-managed/rights.yaml"))?;
    for shipped in rights.iter().filter(|object| object["rules"].is_array()) {
        for index in 0..shipped["rules"].as_array().map_or(0, Vec::len) {
            for verb in shipped["rules"][index]["verbs"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let mut role = shipped.clone();
                role["rules"][index]["verbs"]
                    .as_array_mut()
                    .context("verbs")?
                    .retain(|other| other != verb);
                cluster.api.apply(&role).await?;
                let before = errors().await?;
                eventually(&format!("{verb} is missed of {role}"), async || {
                    // berth has something to write.
                    for configuration in &registration {
                        cluster.api.apply(configuration).await?;
                    }
                    Ok((errors().await? > before).then_some(()))
                })
                .await?;
                ensure!(berth.is_ready().await, "{verb} of {role}");
                cluster.api.apply(shipped).await?;
                // berth does its work again.
                register(&cluster.api, &registration).await?;
                until_trusted(cluster, "caBundle is filled in", |bundle| {
                    !bundle.is_empty()
                })
                .await?;
            }
        }
    }
    Ok(())
}

/// berth leaves a Secret that somebody else filled as it is, and says what it needs.
pub(crate) async fn self_managed_elsewhere(cluster: &Cluster) -> anyhow::Result<()> {
    install(cluster).await?;
    let theirs =
        json!({"data": {"tls.crt": STANDARD.encode("a"), "tls.key": STANDARD.encode("b")}});
    cluster.api.merge(CERTIFICATE, &theirs).await?;
    let setup = setup(cluster, "elsewhere").await?;
    let berth = setup.launch()?;
    eventually("berth says what is wrong", async || {
        Ok(berth
            .log()?
            .contains("its ca.crt: is not there")
            .then_some(()))
    })
    .await?;
    ensure!(!berth.is_ready().await);
    let stored = secret(cluster).await?;
    ensure!(stored["data"] == theirs["data"], "{stored}");
    // berth needs nobody once it is empty.
    cluster
        .api
        .merge(CERTIFICATE, &json!({"data": null}))
        .await?;
    eventually("berth is ready", async || {
        Ok(berth.is_ready().await.then_some(()))
    })
    .await
}
