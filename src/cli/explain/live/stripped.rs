//! Live objects without what placement never reads and nobody should print: environments above all.

use serde_json::Value;

/// The fields that hold secrets, or the whole object once more.
const UNREAD: [&str; 3] = ["env", "envFrom", "managedFields"];

/// The annotation in which `kubectl apply` keeps the object, environments included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Takes these fields out of an object, wherever they stand.
pub(super) fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !UNREAD.contains(&key.as_str()) && key != LAST_APPLIED);
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::strip;

    #[test]
    fn no_environment_is_left() {
        let container = json!({"name": "a", "env": [{"name": "TOKEN", "value": "SECRET"}]});
        let mut object = json!({
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "SECRET", "a": "b"}},
            "spec": {"template": {"spec": {"containers": [container], "initContainers": [container]}}},
        });
        strip(&mut object);
        let text = object.to_string();
        assert!(
            !text.contains("SECRET") && text.contains("\"a\":\"b\""),
            "{text}"
        );
    }
}
