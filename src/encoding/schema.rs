//! The structural schemas that Kubernetes wants in a custom resource definition, made from Rust types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// Returns the schema of a type in the form that a custom resource definition takes. It has no references, and it
/// leaves out keywords that the API server does not need. The API server keeps the unknown fields of a type that denies
/// them: whoever reads the object strictly refuses them.
#[must_use]
pub fn structural<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("title");
        simplify(fields);
    }
    schema
}

/// Brings a schema, and all schemas inside it, into the form that Kubernetes takes.
fn simplify(schema: &mut Map<String, Value>) {
    unwrap_option(schema);
    if let Some(Value::Array(variants)) = schema.shift_remove("oneOf") {
        enumerate(schema, &variants);
    }
    // `deny_unknown_fields` puts this here. A strict reader refuses an unknown field in a line. The API server would
    // refuse it first, and with an error for which `kubectl apply` prints the whole object, so it lets the field pass.
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        schema.shift_remove("additionalProperties");
        schema.insert(
            "x-kubernetes-preserve-unknown-fields".to_owned(),
            true.into(),
        );
    }
    // The API server writes every default into every object, and an empty one would only be noise there.
    if schema.get("default").is_some_and(is_empty) {
        schema.shift_remove("default");
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = unwrapped(description);
    }
    for key in ["properties", "items", "additionalProperties"] {
        // The key moves to the end, so that a schema's own keywords come before those of its parts.
        let Some(mut below) = schema.shift_remove(key) else {
            continue;
        };
        if let Some(fields) = below.as_object_mut() {
            if key == "properties" {
                let each = fields.values_mut().filter_map(Value::as_object_mut);
                each.for_each(simplify);
            } else {
                simplify(fields);
            }
            if schema.get("x-kubernetes-list-type") == Some(&"atomic".into()) {
                undefault(fields);
            }
        }
        schema.insert(key.to_owned(), below);
    }
}

/// Replaces the schema of an `Option` by that of its type: the field may be absent, but it may not be `null`.
fn unwrap_option(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(choices)) = schema.shift_remove("anyOf") {
        let some = choices.into_iter().find(|choice| choice["type"] != "null");
        if let Some(Value::Object(some)) = some {
            for (key, value) in some {
                schema.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(types)) = schema.get("type") {
        let some = types.iter().find(|kind| *kind != "null").cloned();
        schema.insert("type".to_owned(), some.unwrap_or_default());
    }
}

/// Removes the defaults from the fields of an atomic list's items. The API server would store such a list with the
/// defaults filled in. It then differs from the list that was applied, and a second person who applies the same list
/// gets a conflict.
fn undefault(item: &mut Map<String, Value>) {
    let properties = item.get_mut("properties").and_then(Value::as_object_mut);
    let each = properties.into_iter().flat_map(Map::values_mut);
    for field in each.filter_map(Value::as_object_mut) {
        field.shift_remove("default");
    }
}

/// Replaces the variants of an enum, each a schema of its own, by one list of their names and one description of them
/// all.
fn enumerate(schema: &mut Map<String, Value>, variants: &[Value]) {
    let name_of = |variant: &Value| variant["const"].clone();
    let meanings = variants.iter().map(|variant| {
        let (name, meaning) = (name_of(variant), text_of(variant.get("description")));
        // `kubectl explain` does not show defaults, so the description names it.
        let default = match schema.get("default") {
            Some(default) if *default == name => ", the default",
            _ => "",
        };
        format!("{}{default}: {meaning}", text_of(Some(&name)))
    });
    let whole = std::iter::once(text_of(schema.get("description")).to_owned()).chain(meanings);
    let text = whole.collect::<Vec<_>>().join("\n\n");
    let names: Vec<Value> = variants.iter().map(name_of).collect();
    schema.insert("description".to_owned(), text.into());
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), names.into());
}

fn text_of(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// True if the default is `null`, `false`, or an empty text, list or map.
fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Joins the lines of each paragraph of a comment. The program that shows the text wraps it.
fn unwrapped(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|text| text.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}
