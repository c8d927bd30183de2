//! What a check found, in the author's words.

use super::check::Check;
use crate::policy::Action;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// What is done about it.
    pub action: Action,
    /// The field, the value and the remedy, for the author: parts that can be read one by one.
    pub lines: Vec<String>,
}

impl Finding {
    /// The whole message as one line.
    #[must_use]
    pub fn message(&self) -> String {
        self.lines.join("; ")
    }
}
