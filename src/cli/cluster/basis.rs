//! The objects of a cluster by which berth places: its node pools and its policy.

use std::sync::Arc;

use anyhow::{anyhow, bail};
use serde_json::Value;

use super::api_server::{ApiServer, Refusal};
use crate::definition;
use crate::encoding::field::FieldError;
use crate::node::{Catalogue, NodePool};
use crate::placement::{Given, Live, Snapshot, live_catalogue};
use crate::policy::{Policy, Source, embedded_policy, read_policy_spec};

/// The node pools and the policy of a cluster.
#[derive(Debug)]
pub(in crate::cli) struct Basis {
    /// The NodePool objects, or the reason why they are not known.
    pub(in crate::cli) node_pools: Result<Vec<Value>, Refusal>,
    /// The PlacementPolicy in force; `NotFound` if there is none.
    pub(in crate::cli) policy: Result<Value, Refusal>,
}

/// A NodePool that cannot be read: its name, and the field at fault.
pub(in crate::cli) type Unreadable = (String, FieldError);

impl Basis {
    /// Reads both.
    ///
    /// # Errors
    /// Fails if the API server cannot be reached.
    pub(in crate::cli) async fn read(api_server: &ApiServer) -> anyhow::Result<Self> {
        let policy = format!(
            "/apis/{}/{}/{}/{}",
            definition::GROUP,
            definition::VERSION,
            definition::PLURAL,
            definition::NAME
        );
        Ok(Self {
            node_pools: api_server
                .list("/apis/karpenter.sh/v1/nodepools", "")
                .await?,
            policy: api_server.get(&policy).await?,
        })
    }

    /// Returns the node pools, and those that cannot be read, which count as absent.
    pub(in crate::cli) fn live(&self) -> (Live, Vec<Unreadable>) {
        let objects = match &self.node_pools {
            Ok(objects) => objects,
            Err(Refusal::NotFound) => return (Live::NotServed, Vec::new()),
            Err(Refusal::Forbidden | Refusal::Other(_)) => return (Live::Unknown, Vec::new()),
        };
        let (mut listed, mut unreadable) = (Vec::new(), Vec::new());
        for object in objects {
            match NodePool::from_object(object.clone()) {
                Ok(node_pool) => listed.push(Arc::new(node_pool)),
                Err(error) => {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    unreadable.push((name.to_owned(), error));
                }
            }
        }
        (Live::Listed(listed.into_iter().collect()), unreadable)
    }

    /// Returns the policy that berth decides by, with its source: that of the flags, else the cluster's, else the
    /// compiled-in one.
    ///
    /// # Errors
    /// If the policy cannot be read, or berth cannot use it.
    pub(in crate::cli) fn policy(
        &self,
        given: Option<(Policy, Catalogue)>,
    ) -> anyhow::Result<(Source, (Policy, Catalogue))> {
        if let Some(policy) = given {
            return Ok((Source::Flag, policy));
        }
        match &self.policy {
            Ok(object) => match read_policy_spec(&object["spec"]) {
                Ok(policy) => Ok((Source::Cluster, policy)),
                Err(error) => bail!("PlacementPolicy {}: {error}", definition::NAME),
            },
            Err(Refusal::NotFound) => Ok((Source::Embedded, embedded_policy()?)),
            Err(Refusal::Forbidden) => Err(anyhow!(
                "this kubeconfig may not read the PlacementPolicy; give the policy by --policy"
            )),
            Err(Refusal::Other(message)) => Err(anyhow!("PlacementPolicy: {message}")),
        }
    }

    /// Returns the snapshot that a berth in the cluster decides by, without its namespaces, and the source of its policy.
    ///
    /// # Errors
    /// As [`Self::policy`], and if the node pools make the policy dangerous.
    pub(in crate::cli) fn snapshot(&self, given: Given) -> anyhow::Result<(Source, Snapshot)> {
        let (source, (policy, of_policy)) = self.policy(given.policy)?;
        let (live, _) = self.live();
        let catalogue = live_catalogue(live, of_policy.with(&given.node_pools))?;
        Ok((source, Snapshot::new(policy, catalogue)?))
    }
}
