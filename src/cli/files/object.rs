//! The objects in a manifest: the object itself, or the items of a list.

use std::fmt;

use serde_json::Value;

use crate::encoding::field::{FieldError, FieldPath, Segment};

/// An object, and its place in a manifest.
#[derive(Debug, Clone)]
pub(in crate::cli) struct ObjectAt<'m> {
    /// The path to it; empty if it is the manifest itself.
    pub(in crate::cli) path: FieldPath,
    /// Its kind and names.
    pub(in crate::cli) identity: Identity<'m>,
    /// The object.
    pub(in crate::cli) value: &'m Value,
}

/// The kind and the names of an object, each empty if it is not written.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::cli) struct Identity<'m> {
    /// Its group and version.
    pub(in crate::cli) api_version: &'m str,
    pub(in crate::cli) kind: &'m str,
    pub(in crate::cli) namespace: &'m str,
    pub(in crate::cli) name: &'m str,
    /// The prefix of the name that the API server gives it.
    pub(in crate::cli) generate_name: &'m str,
}

impl<'m> Identity<'m> {
    /// Returns the identity of an object, as far as it is written.
    pub(in crate::cli) fn of(object: &'m Value) -> Self {
        identity(object, &Self::default())
    }

    /// Returns the API group; empty for the core group.
    pub(in crate::cli) fn group(&self) -> &'m str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// Returns the namespace that a client without further settings puts it into.
    pub(in crate::cli) fn effective_namespace(&self) -> &'m str {
        if self.namespace.is_empty() {
            "default"
        } else {
            self.namespace
        }
    }

    /// Returns the name, or as much as is known of it.
    pub(in crate::cli) fn display_name(&self) -> String {
        match (self.name, self.generate_name) {
            ("", "") => "(unnamed)".to_owned(),
            ("", prefix) => format!("{prefix}*"),
            (name, _) => name.to_owned(),
        }
    }
}

impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}/{}",
            self.kind,
            self.effective_namespace(),
            self.display_name()
        )
    }
}

/// An element of a manifest.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Element<'m> {
    /// An object.
    Object(ObjectAt<'m>),
    /// Something else in the place of one.
    Misfit {
        /// As much of its kind and names as can be read.
        identity: Identity<'m>,
        /// The field that makes it none.
        error: FieldError,
    },
}

/// The group, version and kind that the items of a list have unless they say otherwise: those of a `PodList` need not.
#[derive(Debug)]
pub(super) struct ListKind {
    api_version: String,
    kind: String,
}

impl ListKind {
    /// Returns the kind of the items of a list of this group, version and kind.
    pub(super) fn named(api_version: &str, kind: &str) -> Self {
        let list = Identity {
            api_version,
            kind,
            ..Identity::default()
        };
        let of_items = of_items(&list, kind.strip_suffix("List").unwrap_or_default());
        Self {
            api_version: of_items.api_version.to_owned(),
            kind: of_items.kind.to_owned(),
        }
    }

    /// Returns the kind of a list's items; `None` if the value is no list, or a list without items.
    pub(super) fn of(manifest: &Value) -> Option<Self> {
        let identity = Identity::of(manifest);
        let kind = identity.kind.strip_suffix("List")?;
        if identity.api_version.is_empty()
            || !matches!(manifest.get("items"), Some(Value::Array(_)))
        {
            return None;
        }
        let of_items = of_items(&identity, kind);
        Some(Self {
            api_version: of_items.api_version.to_owned(),
            kind: of_items.kind.to_owned(),
        })
    }
}

/// Returns the elements of a manifest: its object, or the items of its list, those of lists within it included.
pub(in crate::cli) fn elements(manifest: &Value) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let unknown = Identity::default();
    expand(manifest, &unknown, FieldPath::default(), &mut found);
    found
}

/// Returns the elements of the item at a position of a list: one, unless the item is itself a list.
pub(super) fn item_elements<'m>(
    item: &'m Value,
    list: &'m ListKind,
    position: usize,
) -> Vec<Element<'m>> {
    let mut found = Vec::new();
    let inherited = Identity {
        api_version: &list.api_version,
        kind: &list.kind,
        ..Identity::default()
    };
    let path = FieldPath(vec![
        Segment::Key("items".to_owned()),
        Segment::Index(position),
    ]);
    expand(item, &inherited, path, &mut found);
    found
}

/// Returns what the items of a list are unless they say otherwise.
fn of_items<'m>(list: &Identity<'m>, kind: &'m str) -> Identity<'m> {
    Identity {
        api_version: if kind.is_empty() {
            ""
        } else {
            list.api_version
        },
        kind,
        ..Identity::default()
    }
}

/// Adds the elements of a value. An item of a typed list, such as a `PodList`, has the `inherited` kind if it has no
/// own.
fn expand<'m>(
    value: &'m Value,
    inherited: &Identity<'m>,
    path: FieldPath,
    found: &mut Vec<Element<'m>>,
) {
    let identity = identity(value, inherited);
    let misfit = |field: Option<&str>, message: &str| {
        let mut path = path.clone();
        path.0
            .extend(field.map(|field| Segment::Key(field.to_owned())));
        let error = FieldError {
            path,
            message: message.to_owned(),
        };
        Element::Misfit { identity, error }
    };
    if !value.is_object() {
        found.push(misfit(None, "is no object of Kubernetes"));
        return;
    }
    for (field, own) in [
        ("kind", identity.kind),
        ("apiVersion", identity.api_version),
    ] {
        if own.is_empty() {
            let message = "is missing, or no string: this is no object of Kubernetes";
            found.push(misfit(Some(field), message));
            return;
        }
    }
    let element = identity.kind.strip_suffix("List");
    let (element, items) = match (element, value.get("items")) {
        (Some(element), Some(Value::Array(items))) => (element, items),
        // A list that is empty may lack its items.
        (Some(""), None) | (Some(_), Some(Value::Null)) => return,
        (Some(_), Some(_)) => {
            found.push(misfit(Some("items"), "expected a list"));
            return;
        }
        _ => {
            found.push(Element::Object(ObjectAt {
                path,
                identity,
                value,
            }));
            return;
        }
    };
    let inherited = of_items(&identity, element);
    for (index, item) in items.iter().enumerate() {
        let mut path = path.clone();
        path.0
            .extend([Segment::Key("items".to_owned()), Segment::Index(index)]);
        expand(item, &inherited, path, found);
    }
}

fn identity<'m>(value: &'m Value, inherited: &Identity<'m>) -> Identity<'m> {
    let text = |pointer: &str| {
        value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let or = |own: &'m str, inherited: &'m str| if own.is_empty() { inherited } else { own };
    Identity {
        api_version: or(text("/apiVersion"), inherited.api_version),
        kind: or(text("/kind"), inherited.kind),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        generate_name: text("/metadata/generateName"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Element, elements};

    #[test]
    fn lists_are_taken_apart() {
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a", "namespace": "n" } });
        let bare = json!({ "metadata": { "generateName": "b-" } });
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": [
            pod, 1, { "apiVersion": "v1", "kind": "PodList", "items": [bare] }, { "apiVersion": "v1" }, bare,
            { "apiVersion": "v1", "kind": "PodList", "items": {} }, { "apiVersion": "v1", "kind": "List" },
        ] });
        let found: Vec<String> = elements(&list)
            .into_iter()
            .map(|found| match found {
                Element::Object(object) => format!("{} {}", object.path, object.identity),
                Element::Misfit { error, .. } => error.to_string(),
            })
            .collect();
        let missing = "is missing, or no string: this is no object of Kubernetes";
        let expected = [
            "items[0] Pod n/a".to_owned(),
            "items[1]: is no object of Kubernetes".to_owned(),
            "items[2].items[0] Pod default/b-*".to_owned(),
            format!("items[3].kind: {missing}"),
            format!("items[4].kind: {missing}"),
            "items[5].items: expected a list".to_owned(),
        ];
        assert_eq!(found, expected);
    }
}
