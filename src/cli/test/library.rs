//! The policies and node pools that cases are judged by, each read once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use serde_json::Value;

use super::source::Source;
use crate::cases::{Case, Ground, Header};
use crate::cli::sources::{Found, Sources, add_node_pools, policy_object};
use crate::encoding::field::FieldError;
use crate::node::Catalogue;
use crate::policy::read_policy_object;

/// The policies and node pools that have been read.
#[derive(Default)]
pub(super) struct Library {
    /// Those of the flags, which have the last word.
    policy: Option<Value>,
    node_pools: Option<Catalogue>,
    /// Those that cases name, or the reasons why they cannot be read.
    policies: BTreeMap<PathBuf, Result<Value, String>>,
    catalogues: BTreeMap<Vec<PathBuf>, Result<Catalogue, String>>,
}

impl Library {
    /// Reads what the flags name. An error names the flag, the file and the field.
    pub(super) fn new(sources: &Sources, warn: &mut dyn FnMut(&str)) -> anyhow::Result<Self> {
        let policy = sources.policy_object()?;
        if let Some(policy) = &policy {
            read_policy_object(policy).with_context(|| sources.policy_flag())?;
        }
        Ok(Self {
            policy,
            node_pools: sources.node_pools(warn)?,
            ..Self::default()
        })
    }

    /// Returns the policy and the node pools of a case.
    ///
    /// # Errors
    /// If a file that the case names cannot be read. The path is that of the field that names it.
    pub(super) fn ground(
        &mut self,
        source: &Source,
        header: &Header,
        case: &Case,
    ) -> Result<Ground<'_>, FieldError> {
        let policy = match &self.policy {
            Some(policy) => Some(policy),
            None => match case.policy_file.as_ref().or(header.policy_file.as_ref()) {
                Some(file) => Some(read_policy(&mut self.policies, source.beside(file))?),
                None => None,
            },
        };
        let files = case.node_pool_files.as_ref();
        let files = files.unwrap_or(&header.node_pool_files);
        let node_pools = match &self.node_pools {
            Some(node_pools) => Some(node_pools),
            None if files.is_empty() => None,
            None => {
                let files = files.iter().map(|file| source.beside(file)).collect();
                Some(read_node_pools(&mut self.catalogues, files)?)
            }
        };
        Ok(Ground { policy, node_pools })
    }
}

fn read_policy(
    policies: &mut BTreeMap<PathBuf, Result<Value, String>>,
    file: PathBuf,
) -> Result<&Value, FieldError> {
    let read = policies.entry(file).or_insert_with_key(|file| {
        let object = policy_object(file).and_then(|object| {
            read_policy_object(&object)?;
            Ok(object)
        });
        let object = object.with_context(|| file.display().to_string());
        object.map_err(|error| format!("{error:#}"))
    });
    let told = |error: &String| FieldError::new(error.clone()).in_field("policyFile");
    read.as_ref().map_err(told)
}

fn read_node_pools(
    catalogues: &mut BTreeMap<Vec<PathBuf>, Result<Catalogue, String>>,
    files: Vec<PathBuf>,
) -> Result<&Catalogue, FieldError> {
    let read = catalogues.entry(files).or_insert_with_key(|files| {
        let mut catalogue = Catalogue::default();
        for file in files {
            // A key that stands twice is an error here: a warning would be told for each case.
            let mut warning = None;
            add_node_pools(file, &mut catalogue, &mut |told| {
                warning = Some(told.to_owned());
            })
            .and_then(Found::any)
            .and_then(|()| warning.map_or(Ok(()), |warning| Err(anyhow!(warning))))
            .with_context(|| file.display().to_string())
            .map_err(|error| format!("{error:#}"))?;
        }
        Ok(catalogue)
    });
    let told = |error: &String| FieldError::new(error.clone()).in_field("nodePoolFiles");
    read.as_ref().map_err(told)
}
