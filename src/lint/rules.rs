//! The lints of rules: which of them no pod reaches or meets, and which pools they leave out.

use super::flaw::{Flaw, Lint, Subject};
use super::scope::Scope;
use crate::encoding::field::FieldError;
use crate::policy::{Place, optional_labels, unmatched, unreached_rules};

/// Returns the flaws of the rules.
pub(super) fn flaws(scope: &Scope<'_>) -> Vec<Flaw> {
    let policy = scope.policy;
    let told = |lint| move |error: FieldError| Flaw::of_error(lint, Subject::Policy, &error);
    let unreached = unreached_rules(policy).filter(|error| !scope.is_of_unmet(error));
    unmatched(policy)
        .map(told(Lint::MatchesNothing))
        .chain(unreached.map(told(Lint::UnreachedRule)))
        .chain(optional_labels(policy).map(told(Lint::OptionalPoolLabel)))
        .chain(unused(scope).into_iter().map(told(Lint::UnusedPool)))
        .collect()
}

/// Returns an error for each pool that no rule sends pods to.
fn unused(scope: &Scope<'_>) -> Vec<FieldError> {
    // A rule that no pod reaches is told by itself.
    let rules = scope.policy.rules();
    let is_used = |name: &str| {
        rules.iter().any(|rule| match &rule.place {
            Place::Pool(pool) => *pool.name == *name,
            Place::PoolFromLabel(_) | Place::PoolFromNamespaceLabel(_) => true,
            Place::LeaveAlone => false,
        })
    };
    let pools = scope.policy.pools().iter().enumerate();
    let unused = pools.filter(|(_, pool)| !is_used(&pool.name));
    let told = unused.map(|(position, pool)| {
        let message = format!(
            "no rule sends pods to pool {:?}; add a rule that does, or remove the pool",
            &*pool.name
        );
        let error = FieldError::new(message).in_item(position);
        error.in_field("pools").in_field("spec")
    });
    told.collect()
}
