//! Types as Kubernetes' structural schemas, as a custom resource definition takes them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of a type, as a custom resource definition takes it: whole, without references, and without what the API
/// server has its own way to say, such as that unknown fields are refused.
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

/// Brings one schema, and those below it, into the form that Kubernetes takes.
fn simplify(schema: &mut Map<String, Value>) {
    // An optional type is its type: a field that may be absent may not therefore be null.
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
    if let Some(Value::Array(variants)) = schema.shift_remove("oneOf") {
        enumerate(schema, &variants);
    }
    // Made of `deny_unknown_fields`: the API server drops or refuses unknown fields by itself.
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        schema.shift_remove("additionalProperties");
    }
    // What stands for nothing needs not be written into every object.
    if schema.get("default").is_some_and(says_nothing) {
        schema.shift_remove("default");
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = unwrapped(description);
    }
    for key in ["properties", "items", "additionalProperties"] {
        // Last, so that a schema says what it is before it says of what.
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

/// Leaves out the defaults of an atomic list's items. Stored with them, the list would not be the one that was applied, and
/// whoever applies the very same after somebody else would get a conflict.
fn undefault(item: &mut Map<String, Value>) {
    let properties = item.get_mut("properties").and_then(Value::as_object_mut);
    let each = properties.into_iter().flat_map(Map::values_mut);
    for field in each.filter_map(Value::as_object_mut) {
        field.shift_remove("default");
    }
}

/// Makes one list of names of the variants of an enum, each a schema of its own, and one text of what they mean.
fn enumerate(schema: &mut Map<String, Value>, variants: &[Value]) {
    let name_of = |variant: &Value| variant["const"].clone();
    let meanings = variants.iter().map(|variant| {
        let (name, meaning) = (name_of(variant), text_of(variant.get("description")));
        // `kubectl explain` says nothing of defaults by itself.
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

fn says_nothing(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// A comment's text as one line for each paragraph: whoever shows it wraps it.
fn unwrapped(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|text| text.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}
