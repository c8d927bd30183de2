//! The lines about what could not be read.

use super::report::{Line, Mark};
use crate::cli::cluster::Refusal;

/// Says that something could not be read.
pub(super) fn unread(what: &str, refusal: &Refusal) -> Line {
    match refusal {
        Refusal::Forbidden => Line::new(
            Mark::Note,
            format!("not seen: this kubeconfig may not read {what}"),
        ),
        Refusal::NotFound => Line::new(Mark::Note, format!("not seen: there are no {what}")),
        Refusal::Other(message) => Line::new(Mark::Note, format!("not seen: {what}: {message}")),
    }
}
