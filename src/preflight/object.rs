//! Objects of a cluster, or of manifests for one.

use serde_json::Value;

/// An object, such as a webhook configuration.
#[derive(Debug, Clone, Copy)]
pub struct Object<'v> {
    /// Its API group; empty for the core group.
    pub group: &'v str,
    /// Its kind.
    pub kind: &'v str,
    /// Its namespace; empty if it has none.
    pub namespace: &'v str,
    /// Its name.
    pub name: &'v str,
    /// All of it.
    pub value: &'v Value,
}

impl<'v> Object<'v> {
    /// True if the object is of this group and kind.
    pub(super) fn is_of(&self, group: &str, kind: &str) -> bool {
        (self.group, self.kind) == (group, kind)
    }

    /// Returns the texts of a map, such as the labels.
    pub(super) fn texts(&self, pointer: &str) -> impl Iterator<Item = (&'v str, &'v str)> {
        let map = self.value.pointer(pointer).and_then(Value::as_object);
        let entries = map.into_iter().flatten();
        entries.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// True if a container of a Deployment is started with a flag.
    pub(super) fn has_flag(&self, flag: &str) -> bool {
        let containers = self.value.pointer("/spec/template/spec/containers");
        let containers = containers.and_then(Value::as_array).into_iter().flatten();
        let args = containers.filter_map(|container| container.get("args")?.as_array());
        args.flatten().filter_map(Value::as_str).any(|argument| {
            let name = argument.split('=').next();
            name == Some(flag)
        })
    }
}
