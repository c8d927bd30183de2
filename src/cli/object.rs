//! The objects of a document: itself, or the items of a list.

use std::fmt;

use serde_json::Value;

use super::path::{FieldPath, Segment};

/// An object of the input.
#[derive(Debug, Clone)]
pub(super) struct Object<'d> {
    /// Where it stands in its document; empty for the document itself.
    pub(super) path: FieldPath,
    /// What it is called.
    pub(super) identity: Identity<'d>,
    /// The object.
    pub(super) value: &'d Value,
}

/// What an object is called.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Identity<'d> {
    /// Its group and version.
    pub(super) api_version: &'d str,
    /// Its kind.
    pub(super) kind: &'d str,
    /// Its namespace, where that is written.
    pub(super) namespace: &'d str,
    /// Its name.
    pub(super) name: &'d str,
    /// The prefix of the name that it will get instead.
    pub(super) generate_name: &'d str,
}

impl<'d> Identity<'d> {
    /// The API group; empty for the core group.
    pub(super) fn group(&self) -> &'d str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// The namespace that a client without further settings would put it into.
    pub(super) fn effective_namespace(&self) -> &'d str {
        if self.namespace.is_empty() {
            "default"
        } else {
            self.namespace
        }
    }

    /// The name, or what is known of it.
    pub(super) fn display_name(&self) -> String {
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

/// What stands in a document.
#[derive(Debug, Clone)]
pub(super) enum Found<'d> {
    /// An object.
    Object(Object<'d>),
    /// Something else, in the place of one.
    Misfit {
        /// As much of its name as can be read.
        identity: Identity<'d>,
        /// The field that is wrong.
        field: FieldPath,
        /// What is wrong with it.
        message: &'static str,
    },
}

/// The objects of a document, with the items of its lists in their place.
pub(super) fn objects(document: &Value) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let unknown = Identity::default();
    expand(document, &unknown, FieldPath::default(), &mut found);
    found
}

/// `inherited` is what an item of a typed list, such as a `PodList`, does not repeat.
fn expand<'d>(
    value: &'d Value,
    inherited: &Identity<'d>,
    path: FieldPath,
    found: &mut Vec<Found<'d>>,
) {
    let identity = identity(value, inherited);
    let misfit = |field: &str, message| {
        let mut field_path = path.clone();
        if !field.is_empty() {
            field_path.0.push(Segment::Key(field.to_owned()));
        }
        Found::Misfit {
            identity,
            field: field_path,
            message,
        }
    };
    if !value.is_object() {
        found.push(misfit("", "is no object of Kubernetes"));
        return;
    }
    for (field, own) in [
        ("kind", identity.kind),
        ("apiVersion", identity.api_version),
    ] {
        if own.is_empty() {
            let message = "is missing, or no string: this is no object of Kubernetes";
            found.push(misfit(field, message));
            return;
        }
    }
    let element = identity.kind.strip_suffix("List");
    let (element, items) = match (element, value.get("items")) {
        (Some(element), Some(Value::Array(items))) => (element, items),
        // A list that is empty may lack its items.
        (Some(""), None) | (Some(_), Some(Value::Null)) => return,
        (Some(_), Some(_)) => {
            found.push(misfit("items", "expected a list"));
            return;
        }
        _ => {
            found.push(Found::Object(Object {
                path,
                identity,
                value,
            }));
            return;
        }
    };
    let inherited = Identity {
        api_version: if element.is_empty() {
            ""
        } else {
            identity.api_version
        },
        kind: element,
        ..Identity::default()
    };
    for (index, item) in items.iter().enumerate() {
        let mut path = path.clone();
        path.0
            .extend([Segment::Key("items".to_owned()), Segment::Index(index)]);
        expand(item, &inherited, path, found);
    }
}

fn identity<'d>(value: &'d Value, inherited: &Identity<'d>) -> Identity<'d> {
    let text = |pointer: &str| {
        value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let or = |own: &'d str, inherited: &'d str| if own.is_empty() { inherited } else { own };
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

    use super::{Found, objects};

    #[test]
    fn lists_are_taken_apart() {
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a", "namespace": "n" } });
        let bare = json!({ "metadata": { "generateName": "b-" } });
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": [
            pod, 1, { "apiVersion": "v1", "kind": "PodList", "items": [bare] }, { "apiVersion": "v1" }, bare,
            { "apiVersion": "v1", "kind": "PodList", "items": {} }, { "apiVersion": "v1", "kind": "List" },
        ] });
        let found: Vec<String> = objects(&list)
            .into_iter()
            .map(|found| match found {
                Found::Object(object) => format!("{} {}", object.path, object.identity),
                Found::Misfit { field, message, .. } => format!("{field}: {message}"),
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
