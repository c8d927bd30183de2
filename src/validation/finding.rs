//! The finding of a check, as lines for the author.

use super::check::Check;
use crate::policy::Action;

/// The finding of one check in one workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it.
    pub check: Check,
    /// The policy's action for it: never `Off`.
    pub action: Action,
    /// The field, the value and the remedy, for the author. Each line can be read by itself.
    pub lines: Vec<String>,
}

impl Finding {
    /// Returns all lines as one, separated by semicolons.
    #[must_use]
    pub fn message(&self) -> String {
        self.lines.join("; ")
    }
}
