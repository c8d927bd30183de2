//! The owners of live objects, as the API server keeps them.

use serde_json::Value;

use super::facts::Key;
use super::names::Resource;

/// Returns the kind and the name of the controller of an object.
pub(super) fn controller(object: &Value) -> Option<(String, String)> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let text = |field: &str| owner[field].as_str().map(str::to_owned);
    Some((text("kind")?, text("name")?))
}

/// True if an object is shown by its owner: a kind that is listed itself.
pub(super) fn is_shown_by_owner(object: &Value) -> bool {
    controller(object).is_some_and(|(kind, _)| Resource::of_kind(&kind).is_some())
}

/// Returns the kind, the namespace and the name of an object.
pub(super) fn key(object: &Value) -> Key {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    (
        text(&object["kind"]),
        text(&metadata["namespace"]),
        text(&metadata["name"]),
    )
}

/// Returns the label selector of an object's pods, as the API server takes it in an address. `None` if it has none of
/// simple labels.
pub(super) fn selector(object: &Value) -> Option<String> {
    let labels = object.pointer("/spec/selector/matchLabels")?.as_object()?;
    let terms = labels.iter().filter_map(|(key, value)| {
        // `/` and `=` are the only characters of a label that an address has to escape.
        Some(format!("{}%3D{}", key.replace('/', "%2F"), value.as_str()?))
    });
    let terms: Vec<String> = terms.collect();
    (!terms.is_empty()).then(|| format!("&labelSelector={}", terms.join("%2C")))
}
