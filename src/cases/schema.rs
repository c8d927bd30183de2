//! The schema of a case file's documents, for editors.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::file::{Case, Header};
use crate::policy::PolicySpec;

/// The prefix of the keywords that Kubernetes alone knows.
const OF_KUBERNETES: &str = "x-kubernetes-";

/// Returns the JSON Schema (draft 7) that each document of a case file meets.
#[must_use]
pub fn schema() -> Value {
    let mut case = of_type::<Case>();
    let mut policy = of_type::<PolicySpec>();
    if let (Some(of_case), Some(of_policy)) = (
        case.pointer_mut("/properties/policy")
            .and_then(Value::as_object_mut),
        policy.as_object_mut(),
    ) {
        // A case replaces some fields of a policy, so none of them is required.
        of_case.extend(["properties", "additionalProperties"].map(|keyword| {
            let value = of_policy.remove(keyword).unwrap_or_default();
            (keyword.to_owned(), value)
        }));
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A document of a case file of berth test, v1",
        "if": {"type": "object", "required": ["version"]},
        "then": of_type::<Header>(),
        "else": case,
    })
}

fn of_type<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = Value::from(settings.into_generator().into_root_schema_for::<T>());
    tidy(&mut schema);
    schema
}

/// Removes what only Kubernetes reads, and joins the lines of comments.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|key, _| !key.starts_with(OF_KUBERNETES));
            join_lines(fields);
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn join_lines(fields: &mut Map<String, Value>) {
    if let Some(Value::String(description)) = fields.get_mut("description") {
        let paragraphs = description
            .split("\n\n")
            .map(|text| text.replace('\n', " "));
        *description = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}
