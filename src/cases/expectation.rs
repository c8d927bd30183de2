//! The whole expectation of a case that has none yet, made of its outcome.

use serde_json::{Map, Value, json};

use super::difference::Strictness;
use super::outcome::Outcome;
use crate::names::DECISION_ANNOTATION;

impl Outcome {
    /// Returns the outcome as what a case expects: what there is, and that nothing else is changed or found. Unless a case is
    /// held to all, it leaves out the words of warnings: the names of their checks say as much, and last longer.
    #[must_use]
    pub fn expectation(&self, strictness: Strictness) -> Value {
        let mut expect = Map::new();
        let mut put = |field: &str, value: Value| {
            expect.insert(field.to_owned(), value);
        };
        put("reason", json!(self.reason));
        if let Some(rule) = &self.rule {
            put("rule", json!(rule));
        }
        if let Some(pool) = &self.pool {
            put("pool", json!(pool));
        }
        if let Some(capacity) = self.capacity {
            put("capacity", json!(capacity));
        }
        if !self.node_pools.is_empty() {
            put("nodePools", json!(self.node_pools));
        }
        if !self.architectures.is_empty() {
            put("architectures", json!(self.architectures));
        }
        if self.mode != "Enforce" {
            put("mode", json!(self.mode));
        }
        match changed(&self.object, &self.patched) {
            Some(after) => put("after", after),
            None => put("patch", json!(self.patch)),
        }
        let mut validate = Map::new();
        if let Some(denied) = &self.denied {
            validate.insert("denied".to_owned(), json!(denied));
        }
        if !self.warnings.is_empty() && strictness == Strictness::Whole {
            validate.insert("warnings".to_owned(), json!(self.warnings));
        }
        if !self.findings.is_empty() {
            validate.insert("findings".to_owned(), json!(self.findings));
        }
        put("validate", Value::Object(validate));
        Value::Object(expect)
    }
}

/// Returns the parts of a patched value that differ from the original; `None` if none does. It leaves out the decision
/// annotation, which repeats what the other fields of an expectation say.
fn changed(before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        _ if before == after => None,
        (Value::Object(before), Value::Object(after)) => {
            let mut parts = Map::new();
            for (key, value) in after {
                let before = before.get(key).unwrap_or(&Value::Null);
                let part = match (before, value) {
                    (Value::Null, Value::Object(_)) => changed(&json!({}), value),
                    _ => changed(before, value),
                };
                if let Some(part) = part.filter(|_| key != DECISION_ANNOTATION) {
                    parts.insert(key.clone(), part);
                }
            }
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        _ => Some(after.clone()),
    }
}
