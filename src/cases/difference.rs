//! The differences between what is expected and what is found.

use serde::Serialize;
use serde_json::{Value, json};

use super::file::{Case, Expect, Validate};
use super::outcome::Outcome;
use crate::encoding::field::{FieldPath, Segment};

/// A field of `expect` that is found otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The path to the field in the case.
    pub path: FieldPath,
    /// The value that the case expects.
    pub expected: Value,
    /// The value that is found.
    pub found: Value,
}

/// The treatment of an outcome that a case does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// It may be anything.
    Named,
    /// It must not occur: there is no rule, no patch, no warning. The mode is Enforce.
    Whole,
}

impl Case {
    /// Returns the differences between what the case expects and its outcome. A case that expects nothing has none.
    #[must_use]
    pub fn differences(&self, outcome: &Outcome, strictness: Strictness) -> Vec<Difference> {
        let mut comparison = Comparison {
            differences: Vec::new(),
            strictness,
        };
        if let Some(expect) = &self.expect {
            comparison.mutating(expect, outcome);
            if let Some(validate) = &expect.validate {
                comparison.validating(validate, outcome);
            }
        }
        comparison.differences
    }

    /// True if the case says what is expected, be it that nothing is found.
    #[must_use]
    pub fn expects_something(&self) -> bool {
        let nothing = Expect::default();
        self.expect
            .as_ref()
            .is_some_and(|expect| *expect != nothing)
    }
}

struct Comparison {
    differences: Vec<Difference>,
    strictness: Strictness,
}

impl Comparison {
    fn mutating(&mut self, expect: &Expect, outcome: &Outcome) {
        let Expect {
            reason,
            detail,
            rule,
            pool,
            capacity,
            node_pools,
            architectures,
            mode,
            patch,
            after,
            validate: _,
        } = expect;
        if let Some(reason) = reason {
            self.compare(&["reason"], &json!(reason), &json!(outcome.reason));
        }
        if let Some(detail) = detail {
            self.compare(&["detail"], &json!(detail), &json!(outcome.detail));
        }
        // A case without a reason may be about the validating side alone.
        let is_whole = self.strictness == Strictness::Whole && reason.is_some();
        let found_patch = json!(outcome.patch);
        let no_patch = if after.is_some() {
            found_patch.clone()
        } else {
            json!([])
        };
        let rows = [
            (
                "rule",
                named(rule.as_ref()),
                Value::Null,
                json!(outcome.rule),
            ),
            (
                "pool",
                named(pool.as_ref()),
                Value::Null,
                json!(outcome.pool),
            ),
            (
                "capacity",
                named(capacity.as_ref()),
                Value::Null,
                json!(outcome.capacity),
            ),
            (
                "nodePools",
                named(node_pools.as_ref()),
                json!([]),
                json!(outcome.node_pools),
            ),
            (
                "architectures",
                named(architectures.as_ref()),
                json!([]),
                json!(outcome.architectures),
            ),
            (
                "mode",
                named(mode.as_ref()),
                json!("Enforce"),
                json!(outcome.mode),
            ),
            ("patch", named(patch.as_ref()), no_patch, found_patch),
        ];
        for (field, named, nothing, found) in rows {
            if let Some(expected) = named.or(is_whole.then_some(nothing)) {
                self.compare(&[field], &expected, &found);
            }
        }
        if let Some(after) = after {
            let path = path(&["after"]);
            self.hold(&path, &Value::Object(after.clone()), &outcome.patched);
        }
    }

    fn validating(&mut self, validate: &Validate, outcome: &Outcome) {
        let Validate {
            denied,
            warnings,
            findings,
        } = validate;
        let is_whole = self.strictness == Strictness::Whole;
        let rows = [
            (
                "denied",
                named(denied.as_ref()),
                Value::Null,
                json!(outcome.denied),
            ),
            (
                "warnings",
                named(warnings.as_ref()),
                json!([]),
                json!(outcome.warnings),
            ),
            (
                "findings",
                Some(json!(findings)),
                json!([]),
                json!(outcome.findings),
            ),
        ];
        for (field, named, nothing, found) in rows {
            if let Some(expected) = named.or(is_whole.then_some(nothing)) {
                self.compare(&["validate", field], &expected, &found);
            }
        }
    }

    fn compare(&mut self, fields: &[&str], expected: &Value, found: &Value) {
        if expected != found {
            self.add(path(fields), expected, found);
        }
    }

    /// Compares a part with a value: its maps may hold less, all else is equal.
    fn hold(&mut self, path: &FieldPath, expected: &Value, found: &Value) {
        let below = |segment| {
            let mut path = path.clone();
            path.0.push(segment);
            path
        };
        match (expected, found) {
            (Value::Object(expected), Value::Object(found)) => {
                for (key, value) in expected {
                    let found = found.get(key).unwrap_or(&Value::Null);
                    self.hold(&below(Segment::Key(key.clone())), value, found);
                }
            }
            (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
                for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                    self.hold(&below(Segment::Index(index)), expected, found);
                }
            }
            _ if expected != found => self.add(path.clone(), expected, found),
            _ => {}
        }
    }

    fn add(&mut self, path: FieldPath, expected: &Value, found: &Value) {
        self.differences.push(Difference {
            path,
            expected: expected.clone(),
            found: found.clone(),
        });
    }
}

/// Returns the value of a field; `None` if it is not named.
fn named(field: Option<&impl Serialize>) -> Option<Value> {
    field.map(|field| json!(field))
}

/// Returns the path to a field of `expect`.
fn path(fields: &[&str]) -> FieldPath {
    let fields = ["expect"].iter().chain(fields);
    FieldPath(
        fields
            .map(|&field| Segment::Key(field.to_owned()))
            .collect(),
    )
}
