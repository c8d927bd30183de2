//! The contents of a cluster that say how berth is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cli::cluster::{ApiServer, Basis, Refusal, flag};
use crate::cli::objects::objects;
use crate::label::is_subdomain;
use crate::preflight::own_namespaces;

/// Objects, or the reason why they are not known.
pub(super) type Seen<T> = Result<T, Refusal>;

/// The contents of a cluster that say how berth is.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) mutating: Seen<Vec<Value>>,
    pub(super) validating: Seen<Vec<Value>>,
    /// The namespaces in which berth may run.
    pub(super) own: BTreeSet<String>,
    /// berth's Deployments.
    pub(super) deployments: Seen<Vec<Value>>,
    /// berth's pods.
    pub(super) pods: Seen<Vec<Value>>,
    /// The Secret of the certificate; `None` if no Deployment names one.
    pub(super) secret: Option<Seen<Value>>,
    pub(super) basis: Basis,
    pub(super) namespaces: Seen<Vec<Value>>,
    /// The answer of each ready pod about the decisions of its last hour.
    pub(super) decisions: Vec<(String, Seen<Value>)>,
}

/// The label of berth's Deployment and of its pods.
const SELECTOR: &str = "&labelSelector=app.kubernetes.io/name%3Dberth";

impl Contents {
    /// Reads them.
    ///
    /// # Errors
    /// Fails if the API server cannot be reached.
    pub(super) async fn read(api_server: &ApiServer) -> anyhow::Result<Self> {
        let group = "/apis/admissionregistration.k8s.io/v1";
        let list = async |path: &str| api_server.list(path, "").await;
        let mutating = list(&format!("{group}/mutatingwebhookconfigurations")).await?;
        let validating = list(&format!("{group}/validatingwebhookconfigurations")).await?;
        let registration = mutating.iter().chain(&validating).flatten();
        // Names come from the webhook configurations, and go into a path.
        let mut own = own_namespaces(&objects(registration));
        own.retain(|name| is_subdomain(name));
        let (mut deployments, mut pods) = (Ok(Vec::new()), Ok(Vec::new()));
        for namespace in &own {
            let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
            add(&mut deployments, api_server.list(&path, SELECTOR).await?);
            let path = format!("/api/v1/namespaces/{namespace}/pods");
            add(&mut pods, api_server.list(&path, SELECTOR).await?);
        }
        let mut contents = Self {
            basis: Basis::read(api_server).await?,
            namespaces: list("/api/v1/namespaces").await?,
            mutating,
            validating,
            own,
            deployments,
            pods,
            secret: None,
            decisions: Vec::new(),
        };
        if let Some(path) = contents.secret_path() {
            contents.secret = Some(api_server.get(&path).await?);
        }
        for (name, path) in contents.decision_paths() {
            let answer = api_server.get(&path).await;
            // A pod that does not answer is its own fault, not the cluster's.
            let answer = answer.unwrap_or_else(|error| Err(Refusal::Other(format!("{error:#}"))));
            contents.decisions.push((name, answer));
        }
        Ok(contents)
    }

    /// Returns the webhook configurations that could be read.
    pub(super) fn registration(&self) -> impl Iterator<Item = &Value> {
        self.mutating.iter().chain(&self.validating).flatten()
    }

    /// Returns the value of a flag with which berth is started; empty if it has none. `None` if no Deployment has it.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        flag(self.deployments.iter().flatten(), name)
    }

    fn secret_path(&self) -> Option<String> {
        let deployment = self.deployments.iter().flatten().next()?;
        let namespace = deployment.pointer("/metadata/namespace")?.as_str()?;
        let mounted = || {
            let volumes = deployment
                .pointer("/spec/template/spec/volumes")?
                .as_array()?;
            let mut names = volumes
                .iter()
                .filter_map(|volume| volume["secret"]["secretName"].as_str());
            names.next()
        };
        let name = self.flag("--tls-secret").or_else(mounted)?;
        let valid = is_subdomain(name) && is_subdomain(namespace);
        valid.then(|| format!("/api/v1/namespaces/{namespace}/secrets/{name}"))
    }

    /// Returns the address of the decisions of each ready pod, by way of the API server.
    fn decision_paths(&self) -> Vec<(String, String)> {
        let pods = self.pods.iter().flatten();
        let paths = pods.filter_map(|pod| {
            let name = pod.pointer("/metadata/name")?.as_str()?;
            let namespace = pod.pointer("/metadata/namespace")?.as_str()?;
            let conditions = pod.pointer("/status/conditions")?.as_array()?;
            let is_ready =
                |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
            let port = ops_port(pod);
            let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/decisions");
            let valid = is_subdomain(name) && is_subdomain(namespace);
            (valid && conditions.iter().any(is_ready)).then(|| (name.to_owned(), path))
        });
        paths.collect()
    }
}

/// Returns the port of a pod's probes and metrics.
fn ops_port(pod: &Value) -> u64 {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let ports = containers
        .into_iter()
        .flatten()
        .filter_map(|container| container["ports"].as_array());
    let mut ports = ports.flatten().filter(|port| port["name"] == "ops");
    let found = ports.next().and_then(|port| port["containerPort"].as_u64());
    found.unwrap_or(8080)
}

/// Adds objects to those of other namespaces. What may not be read hides the others.
fn add(all: &mut Seen<Vec<Value>>, more: Seen<Vec<Value>>) {
    match (all, more) {
        (Ok(all), Ok(more)) => all.extend(more),
        (all, Err(refusal)) => *all = Err(refusal),
        (Err(_), Ok(_)) => {}
    }
}
