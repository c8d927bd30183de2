//! What is installed in a cluster: read once, and judged as manifests are.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hyper::Request;
use kube::Client;
use rustls::crypto::aws_lc_rs;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::found;
use crate::definition;
use crate::logging::causes;
use crate::names::SYSTEM_NAMESPACES;
use crate::preflight::installation::{Absence, Collection, Unseen, check_installation};
use crate::preflight::{Assessment, Stage, check_registration, own_namespaces};

/// How long one answer may take, and a connection to come about.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all of it may take.
const LIMIT: Duration = Duration::from_mins(1);
/// How many objects a page has.
const PAGE: usize = 500;
/// How many pages of a resource are read.
const PAGES: usize = 20;

/// Reads and judges.
///
/// # Errors
/// When the cluster cannot be reached, or does not answer.
pub(super) fn judge(kubeconfig: Option<&Path>) -> anyhow::Result<Assessment> {
    // Before anything speaks TLS. It fails only where one is installed already.
    let _ = aws_lc_rs::default_provider().install_default();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting threads")?;
    runtime.block_on(async {
        let read = timeout(LIMIT, Contents::read(kubeconfig)).await;
        let late = |_| anyhow!("--cluster: no answer within {} s", LIMIT.as_secs());
        Ok(read.map_err(late)??.judge())
    })
}

/// What there is to judge.
#[derive(Default)]
struct Contents {
    /// The major and the minor version of the API server; empty where it does not tell.
    version: (String, String),
    /// The pages of all lists.
    pages: Vec<Value>,
    unseen: Unseen,
}

impl Contents {
    async fn read(kubeconfig: Option<&Path>) -> anyhow::Result<Self> {
        let mut config = crate::cli::cluster("--cluster", kubeconfig).await?;
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
        for (resource, group) in [
            (Collection::MutatingWebhooks, registration),
            (Collection::ValidatingWebhooks, registration),
            (Collection::Policies, &policies),
            (Collection::NodePools, "karpenter.sh/v1"),
        ] {
            let path = format!("/apis/{group}/{resource}");
            contents.list(&client, resource, &path, "").await?;
        }
        let own = own_namespaces(&found(&contents.pages));
        let names: BTreeSet<&str> = own.iter().map(String::as_str).collect();
        let names: Vec<&str> = names
            .into_iter()
            .chain(SYSTEM_NAMESPACES)
            .filter(|name| crate::node::label::is_subdomain(name))
            .collect();
        // Those that matter, of ten thousand.
        let selector = format!(
            "&labelSelector=kubernetes.io/metadata.name%20in%20({})",
            names.join(",")
        );
        contents
            .list(
                &client,
                Collection::Namespaces,
                "/api/v1/namespaces",
                &selector,
            )
            .await?;
        for namespace in own.iter().filter(|name| names.contains(&name.as_str())) {
            let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
            let selector = "&labelSelector=app.kubernetes.io/name%3Dberth";
            contents
                .list(&client, Collection::Deployments, &path, selector)
                .await?;
        }
        Ok(contents)
    }

    /// Reads a list page by page, or notes why it cannot.
    async fn list(
        &mut self,
        client: &Client,
        resource: Collection,
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
                    self.unseen.insert(resource, Absence::NotServed);
                    return Ok(());
                }
                Err(kube::Error::Api(status)) if status.code == 403 => {
                    self.unseen.insert(resource, Absence::Forbidden);
                    return Ok(());
                }
                Err(error) => return Err(anyhow!("--cluster: {resource}: {}", causes(&error))),
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
            "--cluster: there are more than {} {resource}",
            PAGES * PAGE
        ))
    }

    fn judge(&self) -> Assessment {
        let objects = found(&self.pages);
        let mut report = check_registration(&objects, Stage::Live);
        let (major, minor) = &self.version;
        let state = check_installation(&objects, (major, minor), &self.unseen, &report);
        report.faults.extend(state);
        report
    }
}
