//! The names by which objects refer to one another.

use serde_json::Value;

/// The names of an object within a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) namespace: Box<str>,
    pub(super) kind: Box<str>,
    pub(super) name: Box<str>,
    pub(super) group: Box<str>,
}

impl Key {
    pub(super) fn new(namespace: &str, group: &str, kind: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            kind: kind.into(),
            name: name.into(),
            group: group.into(),
        }
    }

    /// Returns the names of the controller of an object in a namespace; `None` if it has none.
    pub(super) fn of_controller(namespace: &str, object: &Value) -> Option<Self> {
        let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
        let owner = owners.iter().find(|owner| owner["controller"] == true)?;
        let text = |field: &str| owner[field].as_str();
        let version = text("apiVersion").unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        Some(Self::new(namespace, group, text("kind")?, text("name")?))
    }

    /// True if it is of this group and kind.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        (&*self.group, &*self.kind) == (group, kind)
    }

    /// Returns the same with another group, kind and name.
    pub(super) fn beside(&self, group: &str, kind: &str, name: &str) -> Self {
        Self::new(&self.namespace, group, kind, name)
    }

    /// True for a kind that a person knows by its controller, if it has one.
    pub(super) fn is_step(&self) -> bool {
        self.is("apps", "ReplicaSet") || self.is("batch", "Job")
    }
}
