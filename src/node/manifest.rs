//! Node pools as they are written: an entry of a policy's catalogue, which is read strictly, and a `NodePool` object, which
//! is read leniently, since others wrote it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::label::{KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, NODE_POOL};
use super::node_pool::{NAME_PATTERN, NodePool, node_label_validations, valid_name};
use super::requirement::{Operator, RequirementFile};
use super::taint::Taint;
use crate::encoding::field::FieldError;
use crate::encoding::yaml;

/// A node pool that no NodePool object describes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StaticNodePool {
    /// The node pool's name, which its nodes carry as a label.
    #[schemars(length(max = LONGEST_NAME), regex(pattern = NAME_PATTERN))]
    pub name: String,
    /// The key of that label: karpenter.sh/nodepool, the default, or another, such as scheduling.cast.ai/node-template. The
    /// node pools of one pool have the same.
    #[serde(default = "karpenters_label")]
    #[schemars(
        length(max = LONGEST_KEY),
        regex(pattern = KEY_PATTERN),
        extend("x-kubernetes-validations" = node_label_validations())
    )]
    node_label: String,
    /// Whether it stays when the NodePool objects of the cluster replace the others, one of its name included.
    #[serde(default)]
    external: bool,
    /// Labels that all of its nodes have.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 64, "additionalProperties" = {"type": "string", "maxLength": LONGEST_NAME}))]
    labels: BTreeMap<String, String>,
    /// What else its nodes' labels can be, one requirement for each, as in a NodePool.
    #[serde(default)]
    #[schemars(length(max = 64))]
    requirements: Vec<RequirementFile>,
    /// The taints of its nodes. Pods that are placed there get a toleration for each.
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

/// The parts of a Karpenter `NodePool` (`karpenter.sh/v1`) that placement reads; the rest is Karpenter's business.
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

/// A taint of a NodePool, which may say when it was added.
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

/// A requirement of a NodePool; `minValues` and the like are Karpenter's business too.
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
    /// The first field that cannot be read, or that Karpenter would refuse.
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
        valid_name(&name).map_err(|error| error.in_field("name").in_field("metadata"))?;
        let requirements: Vec<_> = requirements.into_iter().map(Into::into).collect();
        let taints = taints.into_iter().map(Into::into).collect();
        let label = karpenters_label();
        Self::new(&name, label, false, &labels, &requirements, taints).map_err(|error| {
            let error = error.in_field("spec").in_field("template");
            error.in_field("spec")
        })
    }
}
