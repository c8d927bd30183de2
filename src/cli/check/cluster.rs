//! The installation in a cluster, read once and checked as manifests are.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hyper::Request;
use kube::Client;
use rustls::crypto::aws_lc_rs;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::objects::objects;
use crate::cli::kubeconfig::Kubeconfig;
use crate::definition;
use crate::label::is_subdomain;
use crate::logging::causes;
use crate::names::{NAME_LABEL, SYSTEM_NAMESPACES};
use crate::preflight::installation::{Absence, Collection, Unseen, check_installation};
use crate::preflight::{Assessment, Stage, check_registration, own_namespaces};

/// The time limit of a connection, and of an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time limit of the whole reading.
const LIMIT: Duration = Duration::from_mins(1);
/// The number of objects of a page.
const PAGE: usize = 500;
/// The most pages of a collection that are read.
const PAGES: usize = 20;

/// Checks the cluster that the kubeconfig names.
///
/// # Errors
/// Fails if the cluster cannot be reached, or does not answer.
pub(super) fn check(kubeconfig: &Kubeconfig) -> anyhow::Result<Assessment> {
    // Anything that speaks TLS needs it. It fails only if one is installed already.
    let _ = aws_lc_rs::default_provider().install_default();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting threads")?;
    runtime.block_on(async {
        let read = timeout(LIMIT, Contents::read(kubeconfig)).await;
        let late = |_| anyhow!("--cluster: no answer within {} s", LIMIT.as_secs());
        Ok(read.map_err(late)??.check())
    })
}

/// The contents of a cluster that matter to the check.
#[derive(Default)]
struct Contents {
    /// The major and the minor version of the API server; empty if it does not tell.
    version: (String, String),
    /// The pages of all collections.
    pages: Vec<Value>,
    /// The collections that could not be read.
    unseen: Unseen,
}

impl Contents {
    async fn read(kubeconfig: &Kubeconfig) -> anyhow::Result<Self> {
        let mut config = kubeconfig.config("--cluster").await?;
        config.connect_timeout = Some(PATIENCE);
        config.read_timeout = Some(PATIENCE);
        config.default_retry = false;
        let client = Client::try_from(config).context("--cluster")?;
        let mut contents = Self::default();
        match client.apiserver_version().await {
            Ok(version) => contents.version = (version.major, version.minor),
            Err(kube::Error::Api(status)) if status.code == 403 => {}
            Err(error) => return Err(anyhow!("--cluster: {}", causes(&error))),
        }
        let registration = "admissionregistration.k8s.io/v1";
        let policies = format!("{}/{}", definition::GROUP, definition::VERSION);
        for (collection, group) in [
            (Collection::MutatingWebhooks, registration),
            (Collection::ValidatingWebhooks, registration),
            (Collection::Policies, &policies),
            (Collection::NodePools, "karpenter.sh/v1"),
        ] {
            let path = format!("/apis/{group}/{collection}");
            contents.list(&client, collection, &path, "").await?;
        }
        contents.read_namespaces(&client).await?;
        Ok(contents)
    }

    /// Reads the protected namespaces, of maybe ten thousand, and berth's Deployments in its own.
    async fn read_namespaces(&mut self, client: &Client) -> anyhow::Result<()> {
        let own = own_namespaces(&objects(&self.pages));
        // Names come from the webhook configurations, and go into a path.
        let own = own.iter().map(String::as_str);
        let own: BTreeSet<&str> = own.filter(|name| is_subdomain(name)).collect();
        let names: Vec<&str> = own.iter().copied().chain(SYSTEM_NAMESPACES).collect();
        let selector = format!("&labelSelector={NAME_LABEL}%20in%20({})", names.join(","));
        self.list(
            client,
            Collection::Namespaces,
            "/api/v1/namespaces",
            &selector,
        )
        .await?;
        for namespace in own {
            let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
            let selector = "&labelSelector=app.kubernetes.io/name%3Dberth";
            self.list(client, Collection::Deployments, &path, selector)
                .await?;
        }
        Ok(())
    }

    /// Reads a collection page by page, or notes why it cannot.
    async fn list(
        &mut self,
        client: &Client,
        collection: Collection,
        path: &str,
        selector: &str,
    ) -> anyhow::Result<()> {
        let mut next = String::new();
        for _ in 0..PAGES {
            let uri = format!("{path}?limit={PAGE}{selector}{next}");
            let request = Request::get(&uri).body(Vec::new())?;
            let page: Value = match client.request(request).await {
                Ok(page) => page,
                Err(kube::Error::Api(status)) if status.code == 404 => {
                    self.unseen.insert(collection, Absence::NotServed);
                    return Ok(());
                }
                Err(kube::Error::Api(status)) if status.code == 403 => {
                    self.unseen.insert(collection, Absence::Forbidden);
                    return Ok(());
                }
                Err(error) => return Err(anyhow!("--cluster: {collection}: {}", causes(&error))),
            };
            let token = page.pointer("/metadata/continue").and_then(Value::as_str);
            next = format!("&continue={}", token.unwrap_or_default());
            let more = token.is_some_and(|token| !token.is_empty());
            self.pages.push(page);
            if !more {
                return Ok(());
            }
        }
        Err(anyhow!(
            "--cluster: there are more than {} {collection}",
            PAGES * PAGE
        ))
    }

    fn check(&self) -> Assessment {
        let objects = objects(&self.pages);
        let mut assessment = check_registration(&objects, Stage::Live);
        let (major, minor) = &self.version;
        let faults = check_installation(&objects, (major, minor), &self.unseen, &assessment);
        assessment.faults.extend(faults);
        assessment
    }
}
