//! The two written forms of a node pool. berth reads an entry of a policy's catalogue strictly. It reads a `NodePool`
//! object leniently, since others wrote it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use super::naming::{NODE_POOL_NAME_PATTERN, node_label_validations, valid_node_pool_name};
use super::node_pool::{NodePool, Parts};
use super::report::Report;
use super::taint::Taint;
use crate::encoding::field::FieldError;
use crate::encoding::strict;
use crate::label::{
    KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, NODE_POOL, Operator, Platform, RequirementFile,
};

/// A node pool that no NodePool object describes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StaticNodePool {
    /// The node pool's name, which its nodes carry as the value of a label.
    #[schemars(length(max = LONGEST_NAME), regex(pattern = NODE_POOL_NAME_PATTERN))]
    pub name: SmolStr,
    /// The key of that label: karpenter.sh/nodepool, the default, or another, such as scheduling.cast.ai/node-template.
    /// All node pools of a pool must have the same one.
    #[serde(default = "karpenters_label")]
    #[schemars(
        length(max = LONGEST_KEY),
        regex(pattern = KEY_PATTERN),
        extend("x-kubernetes-validations" = node_label_validations())
    )]
    node_label: SmolStr,
    /// The API group of the node class that its NodePool would name: karpenter.k8s.aws, the default, for a Karpenter of
    /// one's own; eks.amazonaws.com for Auto Mode. berth reads it if nodeLabel is karpenter.sh/nodepool.
    #[serde(default = "own_karpenter")]
    #[schemars(length(max = LONGEST_KEY))]
    node_class_group: SmolStr,
    /// Set it to true for a node pool that never has a NodePool object. The NodePool objects of the cluster replace all
    /// entries of the catalogue but the external ones; an external one also wins over an object of its name.
    #[serde(default)]
    external: bool,
    /// The labels that all nodes of the node pool have.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 64, "additionalProperties" = {"type": "string", "maxLength": LONGEST_NAME}))]
    labels: BTreeMap<SmolStr, SmolStr>,
    /// Requirements on the other labels of the nodes, one for each label, as in a NodePool.
    #[serde(default)]
    #[schemars(length(max = 64))]
    requirements: Vec<RequirementFile>,
    /// The taints of the nodes. Every pod that is placed here gets a toleration for each.
    #[serde(default)]
    #[schemars(length(max = 16))]
    taints: Vec<Taint>,
}

fn karpenters_label() -> SmolStr {
    SmolStr::new_static(NODE_POOL)
}

fn own_karpenter() -> SmolStr {
    SmolStr::new_static("karpenter.k8s.aws")
}

impl TryFrom<StaticNodePool> for NodePool {
    type Error = FieldError;

    fn try_from(file: StaticNodePool) -> Result<Self, FieldError> {
        let StaticNodePool {
            name,
            node_label,
            node_class_group,
            external,
            labels,
            requirements,
            taints,
        } = file;
        let platform = if node_label == NODE_POOL {
            Platform::of_node_class(&node_class_group)
        } else {
            Platform::Listed
        };
        Self::new(Parts {
            name: &name,
            node_label,
            platform,
            external,
            labels,
            requirements,
            taints,
        })
    }
}

/// The parts of a Karpenter `NodePool` (`karpenter.sh/v1`) that placement reads. It ignores all others.
#[derive(Debug, Clone, Deserialize)]
struct NodePoolManifest {
    metadata: ManifestMetadata,
    spec: ManifestSpec,
    #[serde(default)]
    status: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestMetadata {
    name: SmolStr,
    #[serde(default)]
    uid: Value,
    #[serde(default)]
    deletion_timestamp: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct ManifestSpec {
    template: ManifestTemplate,
    #[serde(default)]
    replicas: Value,
    #[serde(default)]
    limits: Value,
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
    labels: BTreeMap<SmolStr, SmolStr>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TemplateSpec {
    #[serde(default)]
    node_class_ref: NodeClassReference,
    #[serde(default)]
    requirements: Vec<ManifestRequirement>,
    #[serde(default)]
    taints: Vec<ManifestTaint>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct NodeClassReference {
    #[serde(default)]
    group: SmolStr,
}

/// A taint of a NodePool. Unlike [`Taint`], it may have further fields, such as the time it was added.
#[derive(Debug, Clone, Deserialize)]
struct ManifestTaint {
    key: SmolStr,
    #[serde(default)]
    value: SmolStr,
    effect: SmolStr,
}

impl From<ManifestTaint> for Taint {
    fn from(taint: ManifestTaint) -> Self {
        let ManifestTaint { key, value, effect } = taint;
        Self { key, value, effect }
    }
}

/// A requirement of a NodePool. Unlike [`RequirementFile`], it may have fields that berth does not know.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestRequirement {
    key: SmolStr,
    operator: Operator,
    #[serde(default)]
    values: Vec<SmolStr>,
    #[serde(default)]
    min_values: Option<i32>,
}

impl From<ManifestRequirement> for RequirementFile {
    fn from(requirement: ManifestRequirement) -> Self {
        let ManifestRequirement {
            key,
            operator,
            values,
            min_values,
        } = requirement;
        Self {
            key,
            operator,
            values,
            min_values,
        }
    }
}

impl NodePool {
    /// Reads a Karpenter `NodePool` object.
    ///
    /// # Errors
    /// If a field cannot be read, or Karpenter would refuse it. The error is that of the first such field.
    pub fn from_object(object: Value) -> Result<Self, FieldError> {
        let read = strict::from_value(&object);
        // What placement reads has been copied, and the rest need not stay until the node pool is made.
        drop(object);
        Self::from_manifest(read?)
    }

    /// Reads a Karpenter `NodePool` object from its JSON. What [`Self::from_object`] takes is taken here, and means the same.
    ///
    /// # Errors
    /// Those of [`Self::from_object`].
    pub fn from_json(text: &str) -> Result<Self, FieldError> {
        // To make a tree of values takes more time than all the rest. It is made only to say what is wrong.
        if let Ok(manifest) = serde_json::from_str(text) {
            return Self::from_manifest(manifest);
        }
        let object = serde_json::from_str(text);
        Self::from_object(object.map_err(|error| FieldError::new(error.to_string()))?)
    }

    fn from_manifest(manifest: NodePoolManifest) -> Result<Self, FieldError> {
        let NodePoolManifest {
            metadata,
            spec,
            status,
        } = manifest;
        let ManifestTemplate {
            metadata: TemplateMetadata { labels },
            spec: template,
        } = spec.template;
        let name = &metadata.name;
        valid_node_pool_name(name).map_err(|error| error.in_field("name").in_field("metadata"))?;
        let requirements = template.requirements.into_iter().map(Into::into);
        let parts = Parts {
            name,
            node_label: karpenters_label(),
            platform: Platform::of_node_class(&template.node_class_ref.group),
            external: false,
            labels,
            requirements: requirements.collect(),
            taints: template.taints.into_iter().map(Into::into).collect(),
        };
        let node_pool = Self::new(parts).map_err(|error| {
            let error = error.in_field("spec").in_field("template");
            error.in_field("spec")
        })?;
        let report = Report {
            uid: metadata.uid,
            deletion_timestamp: metadata.deletion_timestamp,
            replicas: spec.replicas,
            limits: spec.limits,
            status,
        };
        let state = report.state(&node_pool);
        Ok(node_pool.in_state(state))
    }
}
