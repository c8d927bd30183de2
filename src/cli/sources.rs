//! The flags that say what to decide by, and what they name.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use super::files::{Element, ObjectAt, ReadError, read};
use crate::node::{Catalogue, NodePool};
use crate::placement::Given;
use crate::policy::read_policy_object;

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
    /// Loads what the flags name. An error names the flag, the file and the field, and so does a warning.
    pub(super) fn load(&self, warn: &mut dyn FnMut(&str)) -> anyhow::Result<Given> {
        let mut given = Given {
            node_pools: self.node_pools(warn)?.unwrap_or_default(),
            ..Given::default()
        };
        if let Some(object) = self.policy_object()? {
            let policy = read_policy_object(&object);
            given.policy = Some(policy.with_context(|| self.policy_flag())?);
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

    /// Reads the policy that the flag names, as it is written. An error names the flag and the file.
    pub(super) fn policy_object(&self) -> anyhow::Result<Option<Value>> {
        let object = self.policy.as_deref().map(policy_object).transpose();
        object.with_context(|| self.policy_flag())
    }

    /// Reads the node pools that the flag names; `None` if it names none. An error names the flag and the file, and so does a
    /// warning.
    pub(super) fn node_pools(
        &self,
        warn: &mut dyn FnMut(&str),
    ) -> anyhow::Result<Option<Catalogue>> {
        let mut node_pools = None;
        for path in &self.node_pools {
            let catalogue = node_pools.get_or_insert_default();
            add_node_pools(path, catalogue, &mut |warning| {
                warn(&format!("warning: --node-pools {warning}"));
            })
            .and_then(Found::any)
            .with_context(|| format!("--node-pools {}", path.display()))?;
        }
        Ok(node_pools)
    }

    /// Returns the flag of the policy, as messages begin.
    pub(super) fn policy_flag(&self) -> String {
        let path = self.policy.as_deref().unwrap_or(Path::new(""));
        format!("--policy {}", path.display())
    }
}

/// Reads the one policy of a file, as it is written. A key that stands twice is an error, since nobody can say which of
/// them its author means.
pub(super) fn policy_object(path: &Path) -> anyhow::Result<Value> {
    let mut manifests = read([path]);
    let only = match (manifests.pop(), manifests.len()) {
        (Some(only), 0) => only,
        (Some(_), others) => bail!("holds {} documents; a policy is one", others + 1),
        (None, _) => bail!("holds no policy"),
    };
    if let Some(warning) = only.warnings.first() {
        bail!("{}: a policy has to be free of that", warning.fault);
    }
    let value = only.value();
    match only.content {
        Err(ReadError::Syntax(error)) => bail!("line {}, {error}", error.line),
        content => content?,
    };
    Ok(value.unwrap_or_default())
}

/// The node pools that a path has.
pub(super) enum Found {
    NodePools,
    /// Those of a Karpenter before 0.32 alone.
    Provisioners,
    Nothing,
}

impl Found {
    /// Refuses a path without a node pool.
    pub(super) fn any(self) -> anyhow::Result<()> {
        match self {
            Self::NodePools => Ok(()),
            Self::Provisioners => bail!(
                "holds no karpenter.sh NodePool, but a Provisioner, which is of a Karpenter before 0.32: give its NodePools"
            ),
            Self::Nothing => bail!("holds no karpenter.sh NodePool"),
        }
    }
}

/// Adds the `NodePool` objects of a file, or of the files of a directory. Objects of other kinds are passed over. An error
/// names the file.
pub(super) fn add_node_pools(
    path: &Path,
    node_pools: &mut Catalogue,
    warn: &mut dyn FnMut(&str),
) -> anyhow::Result<Found> {
    let (mut found, mut has_provisioner) = (0, false);
    for manifest in read([path]) {
        for warning in &manifest.warnings {
            warn(&warning.to_string());
        }
        let mut added = Ok(());
        manifest.each(&mut |element| {
            let Element::Object(object) = element else {
                return;
            };
            match (object.identity.group(), object.identity.kind) {
                ("karpenter.sh", "NodePool") if added.is_ok() => {
                    found += 1;
                    added = add_node_pool(&object, node_pools);
                }
                ("karpenter.sh", "Provisioner") => has_provisioner = true,
                _ => {}
            }
        });
        let location = manifest.location.to_string();
        added.with_context(|| location.clone())?;
        manifest.content.with_context(|| location)?;
    }
    Ok(if found > 0 {
        Found::NodePools
    } else if has_provisioner {
        Found::Provisioners
    } else {
        Found::Nothing
    })
}

fn add_node_pool(object: &ObjectAt<'_>, node_pools: &mut Catalogue) -> anyhow::Result<()> {
    let name = object.identity.name;
    NodePool::from_object(object.value.clone())
        .and_then(|node_pool| node_pools.insert(node_pool))
        .with_context(|| format!("node pool {name:?}"))
}
