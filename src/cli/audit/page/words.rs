//! The words of the page for what the report names.

use crate::cli::audit::report::Change;

/// Returns a change in a word, as the table has it.
pub(super) fn of_change(change: Change) -> &'static str {
    match change {
        Change::Moves => "Moves",
        Change::Stays => "Stays",
        Change::LeftAlone => "Left alone",
        Change::Blocked => "Blocked",
        Change::NoPods => "No pods",
    }
}

/// Returns the meaning of a change for its workloads.
pub(super) fn meaning(change: Change) -> &'static str {
    match change {
        Change::Moves => "New pods go to other node pools.",
        Change::Stays => "New pods go to the node pools that the pods are on.",
        Change::LeftAlone => "berth does nothing to them.",
        Change::Blocked => "New pods are denied, or fit on no node.",
        Change::NoPods => "There are no pods now to compare with.",
    }
}

/// Returns a word of style: the class of all that shows this change.
pub(super) fn class(change: Change) -> &'static str {
    match change {
        Change::Moves => "moves",
        Change::Stays => "stays",
        Change::LeftAlone => "left",
        Change::Blocked => "blocked",
        Change::NoPods => "none",
    }
}
