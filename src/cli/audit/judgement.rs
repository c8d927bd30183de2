//! The judgement of a workload: berth's own decision for the pods that it creates from now on.

use serde_json::Value;

use super::inventory::MakerFacts;
use super::report::{Finding, Then};
use crate::cli::explain::{Explanation, Fate, fates, why};
use crate::cli::files::{Element, elements};
use crate::label::CAPACITY_TYPES;
use crate::placement::{Decision, Reason, Snapshot};
use crate::policy::{Action, Capacity, Mode, Split};
use crate::validation::Check;

/// The judgement of a workload.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) then: Then,
    /// The other side of a split pool; `None` if all pods go where `then` says.
    pub(super) other_side: Option<OtherSide>,
    pub(super) findings: Vec<Finding>,
    pub(super) reason: Reason,
    /// True if the server denies it: it would, and the policy is in force.
    pub(super) is_denied: bool,
    /// True if no node pool could make a node for its pods.
    pub(super) runs_nowhere: bool,
}

/// The side of a split pool that the first pod does not go to.
#[derive(Debug)]
pub(super) struct OtherSide {
    /// The decision for its pods.
    pub(super) then: Then,
    side: Capacity,
    split: Split,
}

impl OtherSide {
    /// Returns the number of its pods. Pods of several controllers count as those of one.
    pub(super) fn pods(&self, of: u64) -> u64 {
        let of = u32::try_from(of).unwrap_or(u32::MAX);
        self.split.pods_on(self.side, of).into()
    }
}

/// Judges a workload by its own template; or else by one of its pods, which is given as JSON.
///
/// # Errors
/// Says why the API server would not read it.
pub(super) fn judge(
    maker: Option<&MakerFacts>,
    sample: Option<&str>,
    snapshot: &Snapshot,
) -> Result<Judgement, String> {
    let by_template = maker.and_then(|maker| {
        let text = maker.text.as_deref()?;
        Some(explain(text, snapshot))
    });
    match (by_template.transpose()?, sample) {
        (Some(explanations), None) => of_explanations(&explanations),
        (Some(explanations), Some(sample)) => {
            let tells = |one: &Explanation<'_>| one.decision.reason != Reason::Kind;
            if explanations.iter().any(tells) {
                of_explanations(&explanations)
            } else {
                of_explanations(&explain(sample, snapshot)?)
            }
        }
        (None, Some(sample)) => of_explanations(&explain(sample, snapshot)?),
        (None, None) => of_explanations(&[]),
    }
}

/// True if nothing can be said of an object: its pods do not stand in it.
pub(super) fn says_nothing(judgement: &Judgement) -> bool {
    judgement.reason == Reason::Kind
}

/// Explains the object in a text: once, or once for each of its templates.
fn explain<'p>(text: &str, snapshot: &'p Snapshot) -> Result<Vec<Explanation<'p>>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut explanations = Vec::new();
    for element in elements(&value) {
        let Element::Object(object) = element else {
            continue;
        };
        for fate in fates(&object, snapshot) {
            match fate {
                Fate::Explained(explanation) => explanations.push(*explanation),
                Fate::Unreadable(error) => return Err(error.to_string()),
                Fate::Skipped => {}
            }
        }
    }
    Ok(explanations)
}

/// Judges by the templates of a workload. That which is denied counts, or else the first; the findings are those of all.
fn of_explanations(explanations: &[Explanation<'_>]) -> Result<Judgement, String> {
    let mut denied = explanations.iter();
    let denied = denied.find(|one| would_be_denied(one));
    let first = denied.or(explanations.first());
    let first = first.ok_or("it has no spec that would describe its pods")?;
    let mut findings: Vec<Finding> = Vec::new();
    for finding in explanations.iter().flat_map(|one| &one.findings) {
        let finding = Finding {
            check: finding.check.as_str().to_owned(),
            action: finding.action.as_str().to_owned(),
            lines: finding.lines.clone(),
        };
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    let mut all = first.findings.iter();
    Ok(Judgement {
        then: then(first, &first.decision),
        other_side: other_side(explanations),
        findings,
        reason: first.decision.reason,
        is_denied: would_be_denied(first) && first.is_enforced(),
        runs_nowhere: all.any(|finding| finding.check == Check::Unschedulable),
    })
}

fn would_be_denied(explanation: &Explanation<'_>) -> bool {
    let mut findings = explanation.findings.iter();
    findings.any(|finding| finding.action == Action::Deny)
}

/// Returns the other side of a split pool. Of several templates, nobody knows how many pods each makes.
fn other_side(explanations: &[Explanation<'_>]) -> Option<OtherSide> {
    let [only] = explanations else {
        return None;
    };
    let division = only.division.as_ref().or(only.siblings.as_ref())?;
    let decision = division.other.as_ref()?;
    Some(OtherSide {
        then: then(only, decision),
        side: decision.assigned?.side,
        split: division.split,
    })
}

fn then(explanation: &Explanation<'_>, decision: &Decision<'_>) -> Then {
    let is_placed = decision.reason.is_placed();
    // Of a pod that is left alone, the rule's pool is not where it goes.
    let pool = decision.pool.filter(|_| is_placed);
    let node_pools = decision.node_pools.iter();
    let offers = |capacity: &&str| {
        let mut node_pools = decision.node_pools.iter();
        node_pools.any(|node_pool| node_pool.offers_capacity(capacity))
    };
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    Then {
        reason: decision.reason.as_str().to_owned(),
        detail: why(decision).map(str::to_owned),
        audited: decision.mode == Mode::Audit,
        denied: would_be_denied(explanation),
        rule: decision.rule.map(|rule| rule.name.to_string()),
        pool: pool.map(|pool| pool.name.to_string()),
        node_pools: node_pools.map(|one| one.name().to_string()).collect(),
        capacity_types: owned(CAPACITY_TYPES.into_iter().filter(offers).collect()),
        architectures: owned(decision.architectures.clone()),
    }
}
