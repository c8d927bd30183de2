//! The flags that say what to decide by, and what they name.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::files::manifest_files;
use crate::placement::Given;
use crate::policy::{read_node_pools, read_policy};

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
            let flag = || format!("--policy {}", path.display());
            let text = std::fs::read_to_string(path).with_context(flag)?;
            given.policy = Some(read_policy(&text).with_context(flag)?);
        }
        for path in &self.node_pools {
            let flag = || format!("--node-pools {}", path.display());
            for file in manifest_files(path).with_context(flag)? {
                let before = given.node_pools.iter().count();
                let name = || file.display().to_string();
                let text = std::fs::read_to_string(&file)
                    .with_context(name)
                    .with_context(flag)?;
                read_node_pools(&text, &mut given.node_pools)
                    .with_context(name)
                    .with_context(flag)?;
                if file == *path && given.node_pools.iter().count() == before {
                    bail!("{}: holds no karpenter.sh NodePool", flag());
                }
            }
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
