//! The checks of the validating side: the same decision, told to the author instead of carried out.

mod binding;
mod contradiction;
mod entitlement;
mod labels;
mod reach;
mod refusal;
mod self_placed;
mod stateful;
mod tolerations;
mod unschedulable;
mod wording;

use crate::placement::constraints::Term;
use crate::placement::exemption::is_system_critical;
use crate::placement::named::named;
use crate::placement::pod::{Metadata, Pod};
use crate::placement::policy::Action;
use crate::placement::policy_file::ValidationFile;
use crate::placement::snapshot::Snapshot;
use crate::placement::{Decision, Namespace, Reason, decide};

named! {
    /// The checks.
    pub enum Check {
        /// The pool label names no pool.
        UnknownPool = "unknown-pool",
        /// The namespace may not use the pool that the pod asks for by label, or lets itself into.
        NotEntitled = "not-entitled",
        /// No node of any kind could satisfy the pod's own selectors.
        Contradiction = "contradiction",
        /// No node pool of the catalogue fits.
        Unschedulable = "unschedulable",
        /// The pod lets itself into a dedicated node pool that no rule places it in.
        SelfPlaced = "self-placed",
        /// A toleration of every taint, or of the one by which Karpenter drains a node.
        WildcardToleration = "wildcard-toleration",
        /// A label stands on the workload, where it has no effect, and not on its pod template.
        LabelOnWorkload = "label-on-workload",
        /// A `StatefulSet` with volume claims would run on spot alone.
        StatefulOnSpot = "stateful-on-spot",
        /// `nodeName` is set by hand.
        BoundByAuthor = "bound-by-author",
        /// The mutating side should have placed the pod and did not.
        NotPlaced = "not-placed",
    }
}

impl Check {
    /// What the policy has the check do.
    #[must_use]
    pub fn action(self, validation: &ValidationFile) -> Action {
        match self {
            Self::UnknownPool => validation.unknown_pool,
            Self::NotEntitled => validation.not_entitled,
            Self::Contradiction => validation.contradiction,
            Self::Unschedulable => validation.unschedulable,
            Self::SelfPlaced => validation.self_placed,
            Self::WildcardToleration => validation.wildcard_toleration,
            Self::LabelOnWorkload => validation.label_on_workload,
            Self::StatefulOnSpot => validation.stateful_on_spot,
            Self::BoundByAuthor => validation.bound_by_author,
            Self::NotPlaced => validation.not_placed,
        }
    }
}

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

/// The pods of an object, and what stands around them.
#[derive(Debug, Clone, Copy)]
pub struct Workload<'a> {
    /// The pod, or the pods of a template.
    pub pod: Pod<'a>,
    /// The metadata above a template, each with its path.
    pub above: [Option<(&'static str, &'a Metadata<'a>)>; 2],
    /// Whether it is a `StatefulSet` that claims volumes for its pods.
    pub claims_volumes: bool,
}

/// What is being judged.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The object as it is to be.
    pub new: &'a Workload<'a>,
    /// The same before an UPDATE; nothing for a CREATE.
    pub old: Option<&'a Workload<'a>>,
    /// Whether the object is a pod itself, which the mutating side has seen before.
    pub is_pod: bool,
    /// The path of the pod or the template in the object, ending in a dot unless empty.
    pub path: &'a str,
    /// Who asks.
    pub username: &'a str,
    /// Where.
    pub namespace: Namespace<'a>,
}

/// One side of an UPDATE, or the object of a CREATE, as the checks see it.
struct Side<'a> {
    case: &'a Case<'a>,
    workload: &'a Workload<'a>,
    snapshot: &'a Snapshot,
    /// What placement makes of the pods.
    decision: &'a Decision<'a>,
}

impl<'a> Side<'a> {
    fn pod(&self) -> &'a Pod<'a> {
        &self.workload.pod
    }

    fn decision(&self) -> &'a Decision<'a> {
        self.decision
    }

    /// The path of a field of the pod.
    fn field(&self, field: &str) -> String {
        format!("{}{field}", self.case.path)
    }

    /// The field that selects by a label: the node selector, or else the affinity.
    fn selection_field(&self, key: &str) -> String {
        if self.pod().spec.selector_alone().constrains(key) {
            self.field(&format!("spec.nodeSelector[{key}]"))
        } else {
            self.field("spec.affinity.nodeAffinity")
        }
    }
}

/// Judges a pod or a template. `decision` is what placement makes of it as it is to be.
///
/// What is in `Audit`, be it the policy or the rule, finds what it finds; it is for the caller to refuse nothing then.
#[must_use]
pub fn findings(case: &Case<'_>, decision: &Decision<'_>, snapshot: &Snapshot) -> Vec<Finding> {
    if decision.reason == Reason::Namespace || is_exempt(case) {
        return Vec::new();
    }
    let new = Side {
        case,
        workload: case.new,
        snapshot,
        decision,
    };
    let Snapshot {
        policy, catalogue, ..
    } = snapshot;
    let old = case.old.map(|workload| {
        let decision = decide(&workload.pod, &case.namespace, policy, catalogue);
        (workload, decision)
    });
    let old = old.as_ref().map(|(workload, decision)| Side {
        case,
        workload,
        snapshot,
        decision,
    });
    let judged = Check::ALL
        .iter()
        .filter(|check| concerns(**check, case, decision));
    let found = judged.filter_map(|check| {
        let action = check.action(&snapshot.policy.validation);
        if action == Action::Off {
            return None;
        }
        let lines = lines(*check, &new, old.as_ref());
        (!lines.is_empty()).then_some(Finding {
            check: *check,
            action,
            lines,
        })
    });
    found.collect()
}

/// Whether a check looks at such a pod. Where nobody opted in, what it asks for by label has no effect; that it may not let
/// itself in everywhere is a boundary, and so is that it may not bind itself to a node. Anyone can name a critical priority
/// class, so that opens neither.
fn concerns(check: Check, case: &Case<'_>, decision: &Decision<'_>) -> bool {
    let opted_in = decision.reason != Reason::NotOptedIn;
    let critical = is_system_critical(case.new.pod.spec);
    match check {
        Check::NotEntitled | Check::BoundByAuthor => true,
        _ => opted_in && !critical,
    }
}

/// What a check has to say: of an UPDATE, about what it adds.
fn lines(check: Check, new: &Side<'_>, old: Option<&Side<'_>>) -> Vec<String> {
    match check {
        Check::UnknownPool => labels::unknown_pool(new, old),
        Check::NotEntitled => entitlement::not_entitled(new, old),
        Check::Contradiction => newly(contradiction::contradiction, new, old),
        Check::Unschedulable => newly(unschedulable::unschedulable, new, old),
        Check::SelfPlaced => self_placed::self_placed(new, old),
        Check::WildcardToleration => tolerations::wildcard_toleration(new, old),
        Check::LabelOnWorkload => labels::label_on_workload(new, old),
        Check::StatefulOnSpot => newly(stateful::stateful_on_spot, new, old),
        Check::BoundByAuthor => binding::bound_by_author(new, old),
        Check::NotPlaced => binding::not_placed(new, old),
    }
}

/// What a check finds in the new object, unless it found something in the old one too.
fn newly(
    find: fn(&Side<'_>) -> Vec<String>,
    new: &Side<'_>,
    old: Option<&Side<'_>>,
) -> Vec<String> {
    let found = find(new);
    let known = !found.is_empty() && old.is_some_and(|old| !find(old).is_empty());
    if known { Vec::new() } else { found }
}

/// A `DaemonSet`'s pod, which only the `DaemonSet` controller can make; a mirror pod.
fn is_exempt(case: &Case<'_>) -> bool {
    let Pod {
        metadata,
        spec,
        controller,
    } = case.new.pod;
    // Anyone can write an owner or a node's name into a pod, so the user has to be the controller's own.
    let of_daemon_set = controller
        .is_some_and(|owner| owner.group == "apps" && owner.kind == "DaemonSet")
        && spec
            .terms()
            .unwrap_or_default()
            .iter()
            .any(Term::names_node)
        && case.username == "system:serviceaccount:kube-system:daemon-set-controller";
    of_daemon_set || metadata.has_annotation("kubernetes.io/config.mirror")
}
