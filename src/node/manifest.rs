//! Node pools as they are written: an entry of a policy's catalogue, which is read strictly, and a `NodePool` object, which
//! is read leniently, since others wrote it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::catalogue::CatalogueError;
use super::label::{KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, NODE_POOL};
use super::node_pool::{NAME_PATTERN, NodePool, node_label_validations};
use super::requirement::Operator;
use super::taint::Taint;
use crate::encoding::yaml;

/// What the nodes' value of one label can be, as in a NodePool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!(self.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || \
             (has(self.values) && self.values.size() == 1 && self.values[0].matches('^[-+]?[0-9]+$'))",
    "message": "Gt, Lt, Gte and Lte take exactly one value, an integer",
    "fieldPath": ".values",
}]))]
pub(super) struct RequirementFile {
    /// The label's key.
    #[schemars(length(max = LONGEST_KEY))]
    pub(super) key: String,
    /// How the label's value is compared with the values; Gt, Lt, Gte and Lte take one, an integer.
    #[schemars(
        with = "String",
        extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"])
    )]
    pub(super) operator: Operator,
    /// What the label's value is compared with.
    #[serde(default)]
    #[schemars(length(max = 128), inner(length(max = LONGEST_NAME)))]
    pub(super) values: Vec<String>,
}

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
    type Error = CatalogueError;

    fn try_from(file: StaticNodePool) -> Result<Self, CatalogueError> {
        let StaticNodePool {
            name,
            node_label,
            external,
            labels,
            requirements,
            taints,
        } = file;
        Self::new(&name, node_label, external, &labels, &requirements, taints).map_err(
            |(path, message)| CatalogueError {
                node_pool: name,
                path,
                message,
            },
        )
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
    pub fn from_object(object: Value) -> Result<Self, CatalogueError> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let NodePoolManifest {
            metadata: ManifestMetadata { name },
            spec: ManifestSpec { template },
        } = yaml::from_value(object).map_err(|(path, message)| CatalogueError {
            node_pool: name,
            path,
            message,
        })?;
        let ManifestTemplate {
            metadata: TemplateMetadata { labels },
            spec: TemplateSpec {
                requirements,
                taints,
            },
        } = template;
        let requirements: Vec<_> = requirements.into_iter().map(Into::into).collect();
        let taints = taints.into_iter().map(Into::into).collect();
        let label = karpenters_label();
        Self::new(&name, label, false, &labels, &requirements, taints).map_err(|(path, message)| {
            CatalogueError {
                node_pool: name,
                path: match path.as_str() {
                    "name" => "metadata.name".to_owned(),
                    _ => format!("spec.template.spec.{path}"),
                },
                message,
            }
        })
    }
}
