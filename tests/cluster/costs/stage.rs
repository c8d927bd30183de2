//! The stage: a berth as it is installed, its peers, and a namespace for each row, all registered at once.

use std::time::Duration;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::blocks::Create;
use super::peers::Peer;
use super::pods::pod;
use super::policy::policy;
use super::rows::{LABEL, Row, Server};
use crate::harness::api::{Persist, text};
use crate::harness::berth::Berth;
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::pki::Authority;
use crate::harness::registration::register;
use crate::watching::stage::{define, namespace, reset, setup};

/// The variable that names a berth in place of the one that is built with the tests.
const PROGRAM: &str = "BERTH_BINARY";

/// Everything that is asked about pods.
pub(super) struct Stage<'c> {
    cluster: &'c Cluster,
    berth: Berth,
    constant: Peer,
    usual: Peer,
    /// The rows that this cluster can have.
    pub(super) rows: Vec<Row>,
}

impl<'c> Stage<'c> {
    /// Sets it on a cluster.
    pub(super) async fn set(cluster: &'c Cluster) -> anyhow::Result<Self> {
        define(cluster).await?;
        reset(cluster).await?;
        for row in Row::ALL {
            namespace(cluster, &row.namespace(), json!({LABEL: row.name()})).await?;
        }
        let authority = Authority::new("berth")?;
        let mut setup = setup(cluster, &authority).await?;
        if let Some(program) = std::env::var_os(PROGRAM) {
            setup = setup.with_program(program.into());
        }
        let berth = setup.start().await?;
        let patch = patch_of(&berth).await?;
        let constant = Peer::constant(cluster, &authority, &patch).await?;
        let usual = Peer::usual(cluster, &authority, &patch).await?;
        let mut configurations = Vec::new();
        for row in Row::ALL {
            let Some((server, endpoint)) = row.server() else {
                continue;
            };
            let url = match server {
                Server::Constant => constant.url(),
                Server::Berth => setup.url(),
                Server::Usual => usual.url(),
            };
            configurations.extend(row.configurations(&(url + endpoint), &authority.pem())?);
        }
        register(&cluster.api, &configurations).await?;
        let mut rows = Row::ALL.to_vec();
        if has_policies(cluster).await? {
            for object in policy(&patch)? {
                cluster.api.apply(&object).await?;
            }
        } else {
            rows.retain(|row| *row != Row::Policy);
        }
        Ok(Self {
            cluster,
            berth,
            constant,
            usual,
            rows,
        })
    }

    /// Fails unless all rows that change pods make the same of a pod of this size, and the others nothing.
    pub(super) async fn verify(&self, bytes: usize) -> anyhow::Result<()> {
        let [unchanged, changed] = [Row::Nobody, Row::Berth].map(|row| self.placement(row, bytes));
        let (unchanged, changed) = (unchanged.await?, changed.await?);
        ensure!(unchanged != changed, "berth changes nothing: {changed}");
        for row in &self.rows {
            let expected = if row.changes_pods() {
                &changed
            } else {
                &unchanged
            };
            let mut last = Value::Null;
            // The API server takes a moment to see a policy.
            let outcome = eventually(row.name(), async || {
                last = self.placement(*row, bytes).await?;
                Ok((last == *expected).then_some(()))
            });
            outcome
                .await
                .with_context(|| format!("{last} in place of {expected}"))?;
        }
        Ok(())
    }

    /// Returns what the API server would store of a pod, as far as anybody changes it.
    async fn placement(&self, row: Row, bytes: usize) -> anyhow::Result<Value> {
        let pod = pod(&row.namespace(), row.owner(), bytes);
        let reply = self.cluster.api.create(&pod, Persist::DryRun).await?;
        let stored = reply.ok().context(row.name())?;
        let (metadata, spec) = (&stored["metadata"], &stored["spec"]);
        Ok(json!([
            metadata["labels"],
            metadata["annotations"],
            spec["nodeSelector"],
            spec["affinity"],
            spec["tolerations"],
        ]))
    }

    /// Returns the request of a row for a pod of this size.
    pub(super) fn create(row: Row, bytes: usize) -> Create {
        Create::new(&pod(&row.namespace(), row.owner(), bytes))
    }

    /// Returns the time that the API server has run on a core, and the server of a row, if it has one.
    pub(super) fn ran(&self, row: Row) -> anyhow::Result<[Duration; 2]> {
        let own = match row.server() {
            None => Duration::ZERO,
            Some((Server::Constant, _)) => self.constant.process.ran()?,
            Some((Server::Berth, _)) => self.berth.ran()?,
            Some((Server::Usual, _)) => self.usual.process.ran()?,
        };
        Ok([self.cluster.ran("kube-apiserver")?, own])
    }
}

/// Waits until berth has a patch for the pods of all sizes, which is the same for all.
async fn patch_of(berth: &Berth) -> anyhow::Result<Value> {
    let pod = pod(&Row::Berth.namespace(), Row::Berth.owner(), 0);
    eventually("berth changes the pod", async || {
        let answer = berth.mutate(&pod).await?.ok()?;
        let patch = STANDARD.decode(text(&answer, "/response/patch"))?;
        Ok(serde_json::from_slice(&patch).ok())
    })
    .await
}

/// True if the API server has policies that change objects. Those before 1.36 have none, unless they are told to.
async fn has_policies(cluster: &Cluster) -> anyhow::Result<bool> {
    let group = "/apis/admissionregistration.k8s.io/v1";
    let resources = cluster.api.get(group).await?.unwrap_or_default();
    let mut resources = resources["resources"].as_array().into_iter().flatten();
    Ok(resources.any(|resource| resource["name"] == "mutatingadmissionpolicies"))
}
