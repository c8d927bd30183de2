//! The two written forms of a node pool. berth reads an entry of a policy's catalogue strictly. It reads a `NodePool`
//! object leniently, since others wrote it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::label::{KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, NODE_POOL};
use super::node_pool::{
    NODE_POOL_NAME_PATTERN, NodePool, node_label_validations, valid_node_pool_name,
};
use super::requirement::{Operator, RequirementFile};
use super::taint::Taint;
use crate::encoding::field::FieldError;
use crate::encoding::yaml;

/// A node pool that no NodePool object describes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StaticNodePool {
    /// The node pool's name, which its nodes carry as the value of a label.
    #[schemars(length(max = LONGEST_NAME), regex(pattern = NODE_POOL_NAME_PATTERN))]
    pub name: String,
    /// The key of that label: karpenter.sh/nodepool, the default, or another, such as scheduling.cast.ai/node-template.
    /// All node pools of a pool must have the same one.
    #[serde(default = "karpenters_label")]
    #[schemars(
        length(max = LONGEST_KEY),
        regex(pattern = KEY_PATTERN),
        extend("x-kubernetes-validations" = node_label_validations())
    )]
    node_label: String,
    /// Set it to true for a node pool that never has a NodePool object. The NodePool objects of the cluster replace all
    /// entries of the catalogue but the external ones; an external one also wins over an object of its name.
    #[serde(default)]
    external: bool,
    /// The labels that all nodes of the node pool have.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 64, "additionalProperties" = {"type": "string", "maxLength": LONGEST_NAME}))]
    labels: BTreeMap<String, String>,
    /// Requirements on the other labels of the nodes, one for each label, as in a NodePool.
    #[serde(default)]
    #[schemars(length(max = 64))]
    requirements: Vec<RequirementFile>,
    /// The taints of the nodes. Every pod that is placed here gets a toleration for each.
    #[serde(default)]
    #[schemars(length(max = 16))]
    taints: Vec<Taint>,
}

fn karpenters_label() -> String {
    NODE_POOL.to_owned()
}

impl TryFrom<StaticNodePool> for NodePool {
    type Error = FieldError;

    fn try_from(file: StaticNodePool) -> Result<Self, FieldError> {
        let StaticNodePool {
            name,
            node_label,
            external,
            labels,
            requirements,
            taints,
        } = file;
        Self::new(&name, node_label, external, &labels, &requirements, taints)
    }
}

/// The parts of a Karpenter `NodePool` (`karpenter.sh/v1`) that placement reads. It ignores all others.
#[derive(Debug, Clone, Deserialize)]
struct NodePoolManifest {
    metadata: ManifestMetadata,
    spec: ManifestSpec,
}

#[derive(Debug, Clone, Deserialize)]
struct ManifestMetadata {
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct ManifestSpec {
    template: ManifestTemplate,
}

#[derive(Debug, Clone, Deserialize)]
struct ManifestTemplate {
    #[serde(default)]
    metadata: TemplateMetadata,
    spec: TemplateSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct TemplateMetadata {
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
struct TemplateSpec {
    #[serde(default)]
    requirements: Vec<ManifestRequirement>,
    #[serde(default)]
    taints: Vec<ManifestTaint>,
}

/// A taint of a NodePool. Unlike [`Taint`], it may have further fields, such as the time it was added.
#[derive(Debug, Clone, Deserialize)]
struct ManifestTaint {
    key: String,
    #[serde(default)]
    value: String,
    effect: String,
}

impl From<ManifestTaint> for Taint {
    fn from(taint: ManifestTaint) -> Self {
        let ManifestTaint { key, value, effect } = taint;
        Self { key, value, effect }
    }
}

/// A requirement of a NodePool. Unlike [`RequirementFile`], it may have further fields, such as `minValues`.
#[derive(Debug, Clone, Deserialize)]
struct ManifestRequirement {
    key: String,
    operator: Operator,
    #[serde(default)]
    values: Vec<String>,
}

impl From<ManifestRequirement> for RequirementFile {
    fn from(requirement: ManifestRequirement) -> Self {
        let ManifestRequirement {
            key,
            operator,
            values,
        } = requirement;
        Self {
            key,
            operator,
            values,
        }
    }
}

impl NodePool {
    /// Reads a Karpenter `NodePool` object.
    ///
    /// # Errors
    /// If a field cannot be read, or Karpenter would refuse it. The error is that of the first such field.
    pub fn from_object(object: Value) -> Result<Self, FieldError> {
        let NodePoolManifest {
            metadata: ManifestMetadata { name },
            spec: ManifestSpec { template },
        } = yaml::from_value(object)?;
        let ManifestTemplate {
            metadata: TemplateMetadata { labels },
            spec: TemplateSpec {
                requirements,
                taints,
            },
        } = template;
        valid_node_pool_name(&name).map_err(|error| error.in_field("name").in_field("metadata"))?;
        let requirements: Vec<_> = requirements.into_iter().map(Into::into).collect();
        let taints = taints.into_iter().map(Into::into).collect();
        let label = karpenters_label();
        Self::new(&name, label, false, &labels, &requirements, taints).map_err(|error| {
            let error = error.in_field("spec").in_field("template");
            error.in_field("spec")
        })
    }
}
