//! An object as it is kept for the judgement: without what placement never reads, and with its kind.

use serde_json::Value;

use crate::cli::files::ObjectAt;
use crate::cli::stripped::strip;

/// Returns an object without its status, its environments and its volumes. An item of a list may have its kind from the list.
pub(super) fn kept(object: &ObjectAt<'_>) -> Value {
    let identity = &object.identity;
    let mut value = object.value.clone();
    if let Value::Object(fields) = &mut value {
        fields.shift_remove("status");
        for (key, text) in [
            ("apiVersion", identity.api_version),
            ("kind", identity.kind),
        ] {
            fields.insert(key.to_owned(), text.into());
        }
    }
    strip(&mut value);
    value
}
