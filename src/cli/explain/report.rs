//! The report on the input: each object as it is examined, and what is said of all at the end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::explanation::Explanation;
use super::live::Live;
use crate::cli::files::{Identity, Location, Warning};
use crate::encoding::field::{FieldError, FieldPath};
use crate::placement::{Decision, Reason};
use crate::policy::Mode;

/// An object of the input, and its fate.
///
/// A kind with several templates is one for each of them.
#[derive(Debug)]
pub(super) struct Examined<'o, 'p> {
    /// The place of its manifest, or of the field that it is refused for.
    pub(super) location: Location,
    /// The path to it in its manifest.
    pub(super) path: FieldPath,
    /// Its kind and names, as far as they are known.
    pub(super) identity: Identity<'o>,
    /// The object; `None` if there is none.
    pub(super) value: Option<&'o Value>,
    pub(super) fate: Fate<'p>,
    /// The facts about it, if it is a live object.
    pub(super) live: Option<&'p Live>,
}

/// The fate of an object.
#[derive(Debug)]
pub(super) enum Fate<'p> {
    /// It makes pods, and berth decides for them.
    Explained(Box<Explanation<'p>>),
    /// It cannot be read, or the API server would refuse it.
    Refused(FieldError),
    /// It has nothing to do with placement.
    Skipped,
}

/// The summary of the whole input.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// The number of workloads by outcome.
    pub(super) outcomes: BTreeMap<(Reason, Mode), usize>,
    /// The number of objects that were refused or could not be read.
    pub(super) refused: usize,
    /// The number of objects that have nothing to do with placement.
    pub(super) skipped: usize,
    /// The number of workloads that are left unpatched because of Audit.
    pub(super) audited: usize,
    /// The namespaces that are taken as opted in, since no manifest says otherwise.
    pub(super) assumed: BTreeSet<String>,
    /// The places that kubectl takes otherwise than their authors may expect.
    pub(super) warnings: Vec<Warning>,
}

impl Summary {
    /// Counts an object.
    pub(super) fn count(&mut self, object: &Examined<'_, '_>) {
        match &object.fate {
            Fate::Explained(explanation) => {
                let decision = &explanation.decision;
                *self.outcomes.entry(outcome(decision)).or_default() += 1;
                let is_audited = decision.mode == Mode::Audit && !explanation.patch.is_empty();
                self.audited += usize::from(is_audited);
            }
            Fate::Refused(_) => self.refused += 1,
            Fate::Skipped => self.skipped += 1,
        }
    }

    /// Says which namespaces are taken as opted in, if any.
    pub(super) fn assumption(&self) -> Option<String> {
        let names: Vec<&str> = self.assumed.iter().map(String::as_str).collect();
        let (noun, verb, whose) = match names.len() {
            0 => return None,
            1 => ("namespace", "is", "its Namespace manifest"),
            _ => ("namespaces", "are", "their Namespace manifests"),
        };
        Some(format!(
            "assuming {noun} {} {verb} opted in; add {whose} to the input to check",
            names.join(", ")
        ))
    }
}

/// Returns the reason, and the mode if it matters: pods that are left alone are so in Audit too.
fn outcome(decision: &Decision<'_>) -> (Reason, Mode) {
    match decision.reason {
        Reason::Placed => (decision.reason, decision.mode),
        reason => (reason, Mode::Enforce),
    }
}
