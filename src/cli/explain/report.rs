//! The report on the input: each object as it is examined, and what is said of all at the end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::explanation::Explanation;
use super::live::Live;
use super::outcome::Outcome;
use crate::cli::files::{Identity, Location, Warning};
use crate::encoding::field::{FieldError, FieldPath};
use crate::policy::{Action, Mode};
use crate::validation::Check;

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
pub(in crate::cli) enum Fate<'p> {
    /// It makes pods, and berth decides for them.
    Explained(Box<Explanation<'p>>),
    /// It cannot be read, or the API server would refuse it.
    Unreadable(FieldError),
    /// It has nothing to do with placement.
    Skipped,
}

/// The summary of the whole input.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// The number of workloads by outcome.
    pub(super) outcomes: BTreeMap<Outcome, usize>,
    /// The number of workloads that are denied, by the first check that denies them.
    pub(super) denied: BTreeMap<Check, usize>,
    /// The number of workloads that would be denied if it were not for Audit.
    pub(super) audited_denials: usize,
    /// The number of workloads that are not denied, and in which something was found.
    pub(super) warned: usize,
    /// The number of objects that cannot be read, or that the API server would not read.
    pub(super) unreadable: usize,
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
            Fate::Explained(explanation) => self.count_workload(explanation),
            Fate::Unreadable(_) => self.unreadable += 1,
            Fate::Skipped => self.skipped += 1,
        }
    }

    fn count_workload(&mut self, explanation: &Explanation<'_>) {
        *self.outcomes.entry(Outcome::of(explanation)).or_default() += 1;
        let is_audited = explanation.decision.mode == Mode::Audit;
        self.audited += usize::from(is_audited && !explanation.patch.is_empty());
        if let Some(denial) = explanation.denials().next() {
            *self.denied.entry(denial.check).or_default() += 1;
            return;
        }
        let mut findings = explanation.findings.iter();
        let would_deny = findings.any(|finding| finding.action == Action::Deny);
        self.audited_denials += usize::from(would_deny);
        self.warned += usize::from(!explanation.findings.is_empty());
    }

    /// Returns the number of workloads that are denied.
    pub(super) fn denials(&self) -> usize {
        self.denied.values().sum()
    }

    /// Returns the number of workloads that are warned of and neither denied nor would be.
    pub(super) fn warned_only(&self) -> usize {
        self.warned - self.audited_denials
    }

    /// True if a page says more of something in the report: a finding, or a reason to leave a workload alone.
    pub(super) fn names_codes(&self) -> bool {
        let mut outcomes = self.outcomes.keys();
        self.warned > 0
            || outcomes.any(|outcome| matches!(outcome, Outcome::LeftAlone(_) | Outcome::Denied))
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
