//! berth with a certificate of cert-manager, from its issue to its removal.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::installed::{bundles, can_be_called, service};
use crate::harness::api::{Api, Persist, text};
use crate::harness::berth::Setup;
use crate::harness::cluster::{Cluster, condition};
use crate::harness::load::Load;
use crate::harness::scene::{Injection, namespace, pod};
use crate::harness::{eventually, manifests, repository};

/// Both kinds of configurations, as arguments of `kubectl`.
const CONFIGURATIONS: &str = "mutatingwebhookconfiguration,validatingwebhookconfiguration";

/// A namespace that has opted in.
const TEAM: &str = "cert-manager-team";

/// A berth that serves the certificates of cert-manager, while pods are created.
struct Serving<'c> {
    cluster: &'c Cluster,
    setup: Setup,
    load: Load,
}

/// The overlay is the one that ships. cert-manager's own controllers run, and the API server calls berth by its Service
/// with the bundles that they write.
pub(crate) async fn cert_manager(cluster: &Cluster) -> anyhow::Result<()> {
    can_be_called()?;
    let api = &cluster.api;
    let definitions = manifests(&cluster.programs.join("platform-crds/cert-manager"))?;
    cluster.define(&definitions).await?;
    let kubeconfig = cluster.kubeconfig().display().to_string();
    let _controllers = cluster.launch("cert-manager", &[], &[("KUBECONFIG", kubeconfig)])?;
    let overlay = repository("deploy/overlays/cert-manager");
    let overlay = overlay.display().to_string();
    kubectl(cluster, &["apply", "-k", &overlay])?;

    let first = issued(api, "berth", 1).await?;
    let bundle = injected(cluster, &field(&first, "ca.crt")?).await?;
    kubectl(cluster, &["apply", "-k", &overlay])?;
    assert_eq!(injected(cluster, &bundle).await?, bundle, "applied again");
    let setup = Setup::without_certificate(cluster, "berth-cert-manager")?;
    let setup = setup.serving_at(service(cluster).await?);
    mount(&first, setup.directory())?;
    let _berth = setup.start().await?;
    assert_eq!(presented(&setup, &bundle).await?, leaf(&first)?);
    namespace(cluster, TEAM, Injection::Enabled).await?;
    placed(api).await?;

    let load = Load::start(cluster, TEAM);
    let serving = Serving {
        cluster,
        setup,
        load,
    };
    let second = serving.new_certificate(&bundle).await?;
    assert!(field(&second, "tls.key")? != field(&first, "tls.key")?);
    let bundle = serving.new_certificate_of_the_authority(&second).await?;
    let newest = serving.new_key_of_the_authority(&bundle).await?;
    let report = serving.load.stop().await;
    assert_eq!(report.refused, Vec::<String>::new());
    assert_eq!(report.unplaced, 0, "of {} pods", report.placed);

    let delete = ["delete", CONFIGURATIONS, "zz-berth"];
    kubectl(cluster, &delete)?;
    kubectl(cluster, &["apply", "-k", &overlay])?;
    assert_eq!(
        injected(cluster, &newest).await?,
        newest,
        "the old are gone"
    );
    kubectl(cluster, &delete)?;
    kubectl(cluster, &["delete", "-k", &overlay, "--ignore-not-found"])?;
    // The Secrets go with it.
    assert_eq!(api.get("/api/v1/namespaces/berth-system").await?, None);
    Ok(())
}

impl Serving<'_> {
    /// berth takes the new certificate, and nobody else has to do anything.
    async fn new_certificate(&self, bundle: &str) -> anyhow::Result<Value> {
        renew(&self.cluster.api, "berth").await?;
        let second = issued(&self.cluster.api, "berth", 2).await?;
        self.serve(&second, bundle).await?;
        let authority = field(&second, "ca.crt")?;
        assert_eq!(injected(self.cluster, &authority).await?, bundle);
        Ok(second)
    }

    /// The new certificate has the same key, so that the API server trusts what either has signed, whichever it knows.
    /// The order in which both sides learn of the new one does not matter (R6.7).
    async fn new_certificate_of_the_authority(&self, second: &Value) -> anyhow::Result<String> {
        let (api, setup) = (&self.cluster.api, &self.setup);
        let before = issued(api, "berth-ca", 1).await?;
        renew(api, "berth-ca").await?;
        let after = issued(api, "berth-ca", 2).await?;
        // Not `assert_eq`, which would print the keys.
        assert!(field(&after, "tls.key")? == field(&before, "tls.key")?);
        let (old, new) = (field(&before, "tls.crt")?, field(&after, "tls.crt")?);
        assert_ne!(new, old);
        assert_eq!(presented(setup, &new).await?, leaf(second)?);

        renew(api, "berth").await?;
        let third = issued(api, "berth", 3).await?;
        assert_eq!(field(&third, "ca.crt")?, new);
        let bundle = injected(self.cluster, &new).await?;
        assert_eq!(bundle, format!("{old}{new}"));
        self.load.more_placed(50).await?;
        self.serve(&third, &old).await?;
        assert_eq!(presented(setup, &new).await?, leaf(&third)?);
        Ok(bundle)
    }

    /// The new authority is trusted, beside the old one, before berth serves what it signed: the injector does this
    /// since 1.19.
    async fn new_key_of_the_authority(&self, bundle: &str) -> anyhow::Result<String> {
        let secret = "/api/v1/namespaces/berth-system/secrets/berth-ca";
        self.cluster.api.delete(secret).await?;
        let authority = field(&issued(&self.cluster.api, "berth-ca", 3).await?, "tls.crt")?;
        renew(&self.cluster.api, "berth").await?;
        let fourth = issued(&self.cluster.api, "berth", 4).await?;
        let bundle = format!("{bundle}{authority}");
        assert_eq!(injected(self.cluster, &authority).await?, bundle);
        self.load.more_placed(50).await?;
        self.serve(&fourth, &authority).await?;
        Ok(authority)
    }

    /// Mounts a Secret, and waits until berth serves its certificate to clients that trust this bundle.
    async fn serve(&self, secret: &Value, bundle: &str) -> anyhow::Result<()> {
        mount(secret, self.setup.directory())?;
        let expected = leaf(secret)?;
        eventually("berth serves the new certificate", async || {
            let presented = presented(&self.setup, bundle).await.ok();
            Ok(presented.filter(|found| *found == expected).map(drop))
        })
        .await?;
        self.load.more_placed(50).await
    }
}

fn kubectl(cluster: &Cluster, arguments: &[&str]) -> anyhow::Result<()> {
    let printed = cluster.kubectl(arguments)?;
    ensure!(printed.success, "{printed:?}");
    // There are no warnings either.
    assert_eq!(printed.stderr, "", "{arguments:?}");
    Ok(())
}

/// Waits until a Certificate has been issued this many times, and returns its Secret.
async fn issued(api: &Api, name: &str, revision: u64) -> anyhow::Result<Value> {
    let certificate = eventually(&format!("{name} is issued"), async || {
        let certificate = api.get(&certificate(name)).await?.unwrap_or_default();
        let done = certificate["status"]["revision"] == revision
            && condition(&certificate, "Ready")
            && !condition(&certificate, "Issuing");
        Ok(done.then_some(certificate))
    })
    .await?;
    let secret = text(&certificate, "/spec/secretName");
    let path = format!("/api/v1/namespaces/berth-system/secrets/{secret}");
    api.get(&path).await?.context(path)
}

/// Has a Certificate issued anew, as cert-manager's own command line does.
async fn renew(api: &Api, name: &str) -> anyhow::Result<()> {
    let path = certificate(name);
    let mut certificate = api.get(&path).await?.unwrap_or_default();
    let conditions = &mut certificate["status"]["conditions"];
    conditions
        .as_array_mut()
        .context("no conditions")?
        .push(json!({
            "type": "Issuing",
            "status": "True",
            "reason": "ManuallyTriggered",
            "message": "by a test",
        }));
    let change = json!({"status": {"conditions": conditions}});
    api.merge(&format!("{path}/status"), &change).await?;
    Ok(())
}

fn certificate(name: &str) -> String {
    format!("/apis/cert-manager.io/v1/namespaces/berth-system/certificates/{name}")
}

/// Reads the entry of a Secret under a key.
fn field(secret: &Value, key: &str) -> anyhow::Result<String> {
    let encoded = secret["data"][key].as_str().context(key.to_owned())?;
    Ok(String::from_utf8(STANDARD.decode(encoded)?)?)
}

/// Reads the certificate itself, which is the first of the chain in a Secret.
fn leaf(secret: &Value) -> anyhow::Result<CertificateDer<'static>> {
    Ok(CertificateDer::from_pem_slice(
        field(secret, "tls.crt")?.as_bytes(),
    )?)
}

/// Waits until every webhook has the same bundle, with this CA in it, and returns it.
async fn injected(cluster: &Cluster, authority: &str) -> anyhow::Result<String> {
    eventually("the CA is in the configurations", async || {
        let mut bundles = bundles(cluster).await?;
        bundles.dedup();
        let [bundle] = bundles.as_slice() else {
            return Ok(None);
        };
        let bundle = String::from_utf8(STANDARD.decode(bundle)?)?;
        Ok(bundle.contains(authority).then_some(bundle))
    })
    .await
}

/// Writes the entries of a Secret as the kubelet does. They are in a directory of their own; the files are links
/// through another link, which is turned from one such directory to the next.
fn mount(secret: &Value, directory: &Path) -> anyhow::Result<()> {
    let version = format!("..{}", text(secret, "/metadata/resourceVersion"));
    std::fs::create_dir(directory.join(&version))?;
    for key in ["tls.crt", "tls.key", "ca.crt"] {
        std::fs::write(directory.join(&version).join(key), field(secret, key)?)?;
        let link = directory.join(key);
        if !link.is_symlink() {
            symlink(Path::new("..data").join(key), link)?;
        }
    }
    let draft = directory.join("..data_tmp");
    symlink(version, &draft)?;
    std::fs::rename(draft, directory.join("..data"))?;
    Ok(())
}

/// Returns the certificate that berth presents for the name of its Service, as the API server asks for it. A bundle
/// that does not verify it is an error.
async fn presented(setup: &Setup, bundle: &str) -> anyhow::Result<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
    let stream = TcpStream::connect(setup.address()).await?;
    let stream = connector
        .connect("berth.berth-system.svc".try_into()?, stream)
        .await?;
    let chain = stream.get_ref().1.peer_certificates();
    let first = chain.and_then(|chain| chain.first());
    Ok(first.context("no certificate")?.clone().into_owned())
}

/// Waits until the API server has a pod placed by berth.
async fn placed(api: &Api) -> anyhow::Result<()> {
    let pod = pod(TEAM, "web");
    eventually("a pod is placed", async || {
        let reply = api.create(&pod, Persist::DryRun);
        let stored = reply.await?.ok()?;
        let selector = text(&stored, "/spec/nodeSelector/karpenter.sh~1nodepool");
        Ok((selector == "amd64-default").then_some(()))
    })
    .await
}
