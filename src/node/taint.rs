//! Taints, which keep pods off nodes.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use smol_str::SmolStr;

use crate::encoding::field::FieldError;
use crate::label::{KEY_PATTERN, LONGEST_KEY, LONGEST_NAME, VALUE_PATTERN, valid_key, valid_value};

/// The effects that a taint can have.
const EFFECTS: [&str; 3] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];

/// A taint of a node pool's nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// The taint's key.
    #[schemars(length(max = LONGEST_KEY), regex(pattern = KEY_PATTERN))]
    pub key: SmolStr,
    /// The taint's value. It may be empty.
    #[serde(default)]
    #[schemars(length(max = LONGEST_NAME), regex(pattern = VALUE_PATTERN))]
    pub value: SmolStr,
    /// The effect on pods that do not tolerate the taint.
    #[schemars(extend("enum" = EFFECTS))]
    pub effect: SmolStr,
}

impl Taint {
    /// Refuses a taint that no node can have. berth writes a toleration for each taint into pods, and the API server
    /// would refuse every pod that has one with an unknown effect.
    pub(super) fn check(&self) -> Result<(), FieldError> {
        let Self { key, value, effect } = self;
        valid_key(key)?;
        valid_value(value)?;
        if !EFFECTS.contains(&effect.as_str()) {
            let known = EFFECTS.join(", ");
            return Err(FieldError::new(format!("{effect:?} is not one of {known}")));
        }
        Ok(())
    }

    /// True if the taint keeps pods off the node, and does not only discourage them.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        matches!(self.effect.as_str(), "NoSchedule" | "NoExecute")
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, effect } = self;
        if value.is_empty() {
            write!(f, "{key}:{effect}")
        } else {
            write!(f, "{key}={value}:{effect}")
        }
    }
}
