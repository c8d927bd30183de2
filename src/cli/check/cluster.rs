//! The installation in a cluster, read once and checked as manifests are.

use std::collections::BTreeSet;

use anyhow::anyhow;
use serde_json::Value;

use crate::cli::cluster::{ApiServer, Refusal, ask};
use crate::cli::kubeconfig::Access;
use crate::cli::objects::objects;
use crate::definition;
use crate::label::is_subdomain;
use crate::names::{NAME_LABEL, SYSTEM_NAMESPACES};
use crate::preflight::installation::{Absence, Collection, Unseen, check_installation};
use crate::preflight::{Assessment, Stage, check_registration, own_namespaces, splits_pools};

/// Checks the cluster that the kubeconfig names.
///
/// # Errors
/// Fails if the cluster cannot be reached, or does not answer.
pub(super) fn check(access: &Access) -> anyhow::Result<Assessment> {
    ask(access, "--cluster", async |api_server| {
        Ok(Contents::read(api_server).await?.check())
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
    async fn read(api_server: &ApiServer) -> anyhow::Result<Self> {
        let mut contents = Self {
            version: api_server.version().await?,
            ..Self::default()
        };
        let registration = "admissionregistration.k8s.io/v1";
        let policies = format!("{}/{}", definition::GROUP, definition::VERSION);
        for (collection, group) in [
            (Collection::MutatingWebhooks, registration),
            (Collection::ValidatingWebhooks, registration),
            (Collection::Policies, &policies),
            (Collection::NodePools, "karpenter.sh/v1"),
        ] {
            let path = format!("/apis/{group}/{collection}");
            contents.list(api_server, collection, &path, "").await?;
        }
        contents.read_namespaces(api_server).await?;
        if splits_pools(&objects(&contents.pages)) {
            for collection in [Collection::ClusterRoles, Collection::ClusterRoleBindings] {
                let path = format!("/apis/rbac.authorization.k8s.io/v1/{collection}");
                contents.list(api_server, collection, &path, "").await?;
            }
        }
        Ok(contents)
    }

    /// Reads the protected namespaces, of maybe ten thousand, and berth's Deployments in its own.
    async fn read_namespaces(&mut self, api_server: &ApiServer) -> anyhow::Result<()> {
        let own = own_namespaces(&objects(&self.pages));
        // Names come from the webhook configurations, and go into a path.
        let own = own.iter().map(String::as_str);
        let own: BTreeSet<&str> = own.filter(|name| is_subdomain(name)).collect();
        let names: Vec<&str> = own.iter().copied().chain(SYSTEM_NAMESPACES).collect();
        let selector = format!("&labelSelector={NAME_LABEL}%20in%20({})", names.join(","));
        let path = "/api/v1/namespaces";
        self.list(api_server, Collection::Namespaces, path, &selector)
            .await?;
        for namespace in own {
            let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
            let selector = "&labelSelector=app.kubernetes.io/name%3Dberth";
            self.list(api_server, Collection::Deployments, &path, selector)
                .await?;
        }
        Ok(())
    }

    /// Reads a collection, or notes why it cannot.
    async fn list(
        &mut self,
        api_server: &ApiServer,
        collection: Collection,
        path: &str,
        selector: &str,
    ) -> anyhow::Result<()> {
        let pages = &mut self.pages;
        let read = api_server
            .pages(path, selector, &mut |page| pages.push(page))
            .await?;
        let absence = match read {
            Ok(()) => return Ok(()),
            Err(Refusal::NotFound) => Absence::NotServed,
            Err(Refusal::Forbidden) => Absence::Forbidden,
            Err(Refusal::Other(message)) => return Err(anyhow!("{collection}: {message}")),
        };
        self.unseen.insert(collection, absence);
        Ok(())
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
