//! The flags that say what to decide by, and what they name.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::files::{Element, Manifest, elements, read};
use crate::node::{Catalogue, NodePool};
use crate::placement::Given;
use crate::policy::{Policy, read_policy_object};

/// The policy and the node pools.
#[derive(Debug, Args)]
pub(super) struct Sources {
    /// The policy, a PlacementPolicy in YAML; without it the default policy applies
    #[arg(long, value_name = "FILE", env = "BERTH_POLICY")]
    policy: Option<PathBuf>,

    /// Karpenter NodePools in YAML: a file, or a directory of .yaml, .yml and .json files; may be repeated
    ///
    /// They are added to the policy's own catalogue. If there are neither, the default policy's node pools apply.
    #[arg(
        long,
        value_name = "PATH",
        env = "BERTH_NODE_POOLS",
        value_delimiter = ','
    )]
    node_pools: Vec<PathBuf>,
}

impl Sources {
    /// Loads what the flags name. An error names the flag, the file and the field.
    pub(super) fn load(&self) -> anyhow::Result<Given> {
        let mut given = Given::default();
        if let Some(path) = &self.policy {
            let policy = policy(path).with_context(|| format!("--policy {}", path.display()));
            given.policy = Some(policy?);
        }
        for path in &self.node_pools {
            add_node_pools(path, &mut given.node_pools)
                .with_context(|| format!("--node-pools {}", path.display()))?;
        }
        if let Some((_, of_policy)) = &given.policy {
            let mut node_pools = given.node_pools.iter();
            let twice = node_pools.find(|node_pool| of_policy.get(node_pool.name()).is_some());
            if let Some(node_pool) = twice {
                let name = node_pool.name();
                bail!("--node-pools: node pool {name:?} is already in the catalogue of --policy");
            }
        }
        Ok(given)
    }
}

/// Reads the one policy of a file, and the static catalogue that it holds.
fn policy(path: &Path) -> anyhow::Result<(Policy, Catalogue)> {
    let mut manifests = read([path]);
    match (manifests.pop(), manifests.len()) {
        (Some(only), 0) => Ok(read_policy_object(only.value?)?),
        (Some(_), others) => bail!("holds {} documents; a policy is one", others + 1),
        (None, _) => bail!("holds no policy"),
    }
}

/// Adds the `NodePool` objects of a file, or of the files of a directory. Objects of other kinds are passed over.
fn add_node_pools(path: &Path, node_pools: &mut Catalogue) -> anyhow::Result<()> {
    let before = node_pools.iter().count();
    for Manifest {
        location, value, ..
    } in read([path])
    {
        let location = || location.to_string();
        let value = value.with_context(location)?;
        for element in elements(&value) {
            let Element::Object(object) = element else {
                continue;
            };
            let identity = object.identity;
            if (identity.group(), identity.kind) != ("karpenter.sh", "NodePool") {
                continue;
            }
            NodePool::from_object(object.value.clone())
                .and_then(|node_pool| node_pools.insert(node_pool))
                .with_context(|| format!("node pool {:?}", identity.name))
                .with_context(location)?;
        }
    }
    if node_pools.iter().count() == before {
        bail!("holds no karpenter.sh NodePool");
    }
    Ok(())
}
