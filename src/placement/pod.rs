//! The borrowed view of a pod: what placement reads of it, and nothing else.
//!
//! The view is lenient, since others wrote the object: `null` is the same as absent, unknown fields are passed over.
//! It refuses what the API server never sends: a field of another type, a key that stands twice in a map (R6.8).

mod collections;
mod resources;
mod terms;

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::value::RawValue;

use collections::{find, first, sorted_map};
use resources::Containers;
pub use terms::{Alternative, PreferredTerm, Required, Term};

use super::object::objects;
use super::requirement::canonical;
use super::text::Text;
use super::toleration::Toleration;

/// A pod, or the pods that a template will make.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'v, 'a> {
    /// The metadata of the pod or of the template.
    pub metadata: &'v Metadata<'a>,
    /// The pod's spec.
    pub spec: &'v Spec<'a>,
    /// The pod's controller, by group and kind.
    pub controller: Option<Controller<'v>>,
}

/// A controller's API group and kind: never the kind alone, which other groups use too (R1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller<'v> {
    /// The API group; empty for the core group.
    pub group: &'v str,
    /// The kind.
    pub kind: &'v str,
}

impl fmt::Display for Controller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, kind } = self;
        if group.is_empty() {
            f.write_str(kind)
        } else {
            write!(f, "{group}/{kind}")
        }
    }
}

objects!(
    Metadata,
    Spec,
    Template,
    Affinity,
    NodeAffinity,
    Os,
    OwnerReference,
);

/// The metadata of a pod, a workload or a pod template.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// The object's name; empty while the API server has still to generate it (R1.10).
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// The prefix of the name that will be generated.
    #[serde(borrow, default)]
    pub generate_name: Text<'a>,
    /// The labels.
    #[serde(borrow, default)]
    pub labels: Option<Labels<'a>>,
    /// The annotations' keys.
    #[serde(borrow, default)]
    pub annotations: Option<Keys<'a>>,
    #[serde(borrow, default, rename = "ownerReferences")]
    owners: OwnerReferences<'a>,
    /// Set once the object is being deleted.
    #[serde(default)]
    pub deletion_timestamp: Option<IgnoredAny>,
}

impl Metadata<'_> {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.as_ref()?.get(key)
    }

    /// Whether there is an annotation of that key.
    #[must_use]
    pub fn has_annotation(&self, key: &str) -> bool {
        self.annotations
            .as_ref()
            .is_some_and(|annotations| find(&annotations.0, key).is_some())
    }

    /// The one owner that is the object's controller.
    #[must_use]
    pub fn controller(&self) -> Option<Controller<'_>> {
        let OwnerReference {
            api_version, kind, ..
        } = self.owners.0.as_ref()?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Some(Controller { group, kind })
    }
}

/// Labels, sorted by key.
#[derive(Debug, Default)]
pub struct Labels<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Labels<'_> {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        find(&self.0, key).map(Text::as_str)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted_map(deserializer, |key| key).map(Self)
    }
}

/// The keys of a map whose values do not matter, sorted.
#[derive(Debug, Default)]
pub struct Keys<'a>(Vec<(Text<'a>, IgnoredAny)>);

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted_map(deserializer, |key| key).map(Self)
    }
}

/// A node selector, sorted by canonical key: an alias stands beside the key it is another name of.
#[derive(Debug, Default)]
pub struct NodeSelector<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for NodeSelector<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        sorted_map(deserializer, canonical).map(Self)
    }
}

/// The spec of a pod, or of a workload that has a pod template.
///
/// One pass reads either, since no field that is read here has another meaning in the other.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The node selector.
    #[serde(borrow, default)]
    pub node_selector: Option<NodeSelector<'a>>,
    /// The affinity.
    #[serde(borrow, default)]
    pub affinity: Option<Affinity<'a>>,
    /// The tolerations, in the author's order.
    #[serde(borrow, default)]
    pub tolerations: Option<Vec<Toleration<'a>>>,
    /// The node that the pod is bound to.
    #[serde(borrow, default)]
    pub node_name: Text<'a>,
    /// The scheduler that is to place the pod.
    #[serde(borrow, default)]
    pub scheduler_name: Text<'a>,
    /// The priority class.
    #[serde(borrow, default)]
    pub priority_class_name: Text<'a>,
    /// The service account.
    #[serde(borrow, default)]
    pub service_account_name: Text<'a>,
    #[serde(borrow, default)]
    os: Option<Os<'a>>,
    #[serde(borrow, default)]
    containers: Containers<'a>,
    #[serde(borrow, default)]
    init_containers: Containers<'a>,
    #[serde(default)]
    resource_claims: Option<Vec<IgnoredAny>>,
    /// The pod template of a Job, Deployment or StatefulSet.
    #[serde(borrow, default)]
    pub template: Option<Box<Template<'a>>>,
    /// The Job template of a `CronJob`.
    #[serde(borrow, default)]
    pub job_template: Option<Box<Template<'a>>>,
}

/// A pod template, or a Job template whose spec holds one.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self")]
pub struct Template<'a> {
    /// The template's metadata, where it has any.
    #[serde(borrow, default)]
    pub metadata: Option<Metadata<'a>>,
    /// The template's spec.
    #[serde(borrow, default)]
    pub spec: Option<Spec<'a>>,
}

/// The affinity of a pod, of which node affinity alone is read.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Affinity<'a> {
    /// The node affinity.
    #[serde(borrow, default)]
    pub node_affinity: Option<NodeAffinity<'a>>,
}

/// The node affinity of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self")]
pub struct NodeAffinity<'a> {
    /// What nodes must match.
    #[serde(
        borrow,
        default,
        rename = "requiredDuringSchedulingIgnoredDuringExecution"
    )]
    pub required: Option<Required<'a>>,
    /// What nodes had better match, unread: only a pool that binds `Preferred` needs to know it.
    #[serde(
        borrow,
        default,
        rename = "preferredDuringSchedulingIgnoredDuringExecution"
    )]
    pub preferred: Option<&'a RawValue>,
}

impl<'a> Spec<'a> {
    /// The terms of the required node affinity; nothing where the pod has no required node affinity.
    #[must_use]
    pub fn terms(&self) -> Option<&[Term<'a>]> {
        let required = self
            .affinity
            .as_ref()?
            .node_affinity
            .as_ref()?
            .required
            .as_ref()?;
        Some(required.node_selector_terms.as_deref().unwrap_or_default())
    }

    /// The terms of the preferred node affinity.
    ///
    /// # Errors
    /// When they are no list of such terms.
    pub fn preferred(&self) -> Result<Vec<PreferredTerm<'a>>, serde_json::Error> {
        let node_affinity = self
            .affinity
            .as_ref()
            .and_then(|affinity| affinity.node_affinity.as_ref());
        node_affinity
            .and_then(|affinity| affinity.preferred)
            .map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get()))
    }

    /// The ways to satisfy the pod's hard constraints: one for each term that is not empty, or just its node selector.
    pub fn alternatives(&self) -> impl Iterator<Item = Alternative<'_, 'a>> {
        let terms = self.terms();
        let selector_alone = terms.is_none().then(|| self.selector_alone());
        let with_terms = terms
            .unwrap_or_default()
            .iter()
            .filter(|term| !term.is_empty())
            .map(|term| self.alternative(term));
        selector_alone.into_iter().chain(with_terms)
    }

    /// What the node selector asks, and nothing else.
    #[must_use]
    pub fn selector_alone(&self) -> Alternative<'_, 'a> {
        let selector = self
            .node_selector
            .as_ref()
            .map(|selector| selector.0.as_slice())
            .unwrap_or_default();
        Alternative {
            selector,
            expressions: &[],
        }
    }

    /// What the node selector and this one term ask.
    #[must_use]
    pub fn alternative<'v>(&'v self, term: &'v Term<'a>) -> Alternative<'v, 'a> {
        Alternative {
            expressions: term.expressions(),
            ..self.selector_alone()
        }
    }

    /// The tolerations; none is the same as an empty list.
    #[must_use]
    pub fn tolerations(&self) -> &[Toleration<'a>] {
        self.tolerations.as_deref().unwrap_or_default()
    }

    /// The operating system that the pod itself names; empty when it names none.
    #[must_use]
    pub fn os(&self) -> &str {
        self.os.as_ref().map_or("", |os| os.name.as_str())
    }

    /// The first extended resource that a container requests, such as `nvidia.com/gpu`, or a claim to a device.
    #[must_use]
    pub fn special_resource(&self) -> Option<&str> {
        let claims = self
            .resource_claims
            .as_ref()
            .is_some_and(|claims| !claims.is_empty())
            .then_some("resourceClaims");
        self.containers
            .0
            .as_deref()
            .or(self.init_containers.0.as_deref())
            .or(claims)
    }
}

#[derive(Debug, Deserialize)]
#[serde(remote = "Self")]
struct Os<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
}

/// Of a list of owner references, the one that is marked as the controller.
#[derive(Debug, Default)]
struct OwnerReferences<'a>(Option<OwnerReference<'a>>);

#[derive(Debug, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct OwnerReference<'a> {
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(default)]
    controller: Option<bool>,
}

impl<'de: 'a, 'a> Deserialize<'de> for OwnerReferences<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_controller = |owner: &OwnerReference<'de>| owner.controller == Some(true);
        first(deserializer, |owner| is_controller(&owner).then_some(owner)).map(Self)
    }
}
