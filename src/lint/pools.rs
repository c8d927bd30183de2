//! The lints of pools: what their node pools lack.

use super::flaw::{Flaw, Lint, Subject};
use super::scope::Scope;
use crate::encoding::field::FieldError;
use crate::names::ARCH_LABEL;
use crate::node::NodePool;
use crate::policy::{Architecture, Danger, Place, Pool, Rule, without_node_pools};

/// Returns the flaws of the pools.
pub(super) fn flaws(scope: &Scope<'_>) -> Vec<Flaw> {
    let mut flaws = dangers(scope);
    let told = |lint| move |error: FieldError| Flaw::of_error(lint, Subject::Policy, &error);
    if scope.is_whole() {
        let without = without_node_pools(scope.policy, &scope.catalogue);
        flaws.extend(without.map(told(Lint::PoolWithoutNodePools)));
        flaws.extend(
            partly_missing(scope)
                .into_iter()
                .map(told(Lint::MissingNodePool)),
        );
    }
    let architectures = architectures(scope).into_iter();
    flaws.extend(architectures.map(told(Lint::MissingArchitecture)));
    flaws
}

/// Returns a flaw for each pool for which berth refuses the policy.
fn dangers(scope: &Scope<'_>) -> Vec<Flaw> {
    let dangers = scope.policy.dangers(&scope.written);
    let told = dangers.map(|(danger, error)| {
        let lint = match danger {
            Danger::PreferredOnTainted => Lint::PreferredOnTainted,
            Danger::MixedNodeLabels => Lint::MixedNodeLabels,
        };
        Flaw {
            remedy: danger.remedy().to_owned(),
            ..Flaw::of_error(lint, Subject::Policy, &error)
        }
    });
    told.collect()
}

/// Returns an error for each pool, or side of a pool, that has node pools, and names others that there are not.
fn partly_missing(scope: &Scope<'_>) -> Vec<FieldError> {
    let pools = scope.policy.pools().iter().enumerate();
    let sides = pools.flat_map(|(position, pool)| pool.sides().map(move |side| (position, side)));
    let told = sides.filter_map(|(position, side)| {
        let names = side.node_pools().iter().map(|name| &**name);
        let missing: Vec<&str> = names
            .filter(|name| scope.catalogue.lasting(name).is_none())
            .collect();
        if missing.is_empty() || missing.len() == side.node_pools().len() {
            return None;
        }
        let message = format!(
            "{side} names node pools that there are not, {}: berth sends no pod there; apply them, or name existing ones",
            missing.join(", ")
        );
        let error = side.error(message).in_item(position);
        Some(error.in_field("pools").in_field("spec"))
    });
    told.collect()
}

/// Returns an error for each pool without a node pool of the architecture that a rule, or the policy, chooses.
fn architectures(scope: &Scope<'_>) -> Vec<FieldError> {
    let rules = scope.reached();
    let pools = scope.policy.pools().iter().enumerate();
    let told = pools.filter_map(|(position, pool)| {
        let node_pools: Vec<&NodePool> = scope.node_pools(pool).collect();
        // One that there is not may be the very one, and is told already.
        if node_pools.len() < pool.all_node_pools().count() {
            return None;
        }
        let mut rules = rules.iter().filter(|rule| may_send_to(rule, pool));
        let message = rules.find_map(|rule| lacking(scope, rule, pool, &node_pools))?;
        Some(in_pool(position, message))
    });
    told.collect()
}

fn may_send_to(rule: &Rule, pool: &Pool) -> bool {
    match &rule.place {
        Place::Pool(own) => own.name == pool.name,
        Place::PoolFromLabel(_) | Place::PoolFromNamespaceLabel(_) => true,
        Place::LeaveAlone => false,
    }
}

/// Returns the message about a rule that sends pods to a pool without their architecture.
fn lacking(
    scope: &Scope<'_>,
    rule: &Rule,
    pool: &Pool,
    node_pools: &[&NodePool],
) -> Option<String> {
    let policy = scope.policy;
    let choice = rule.architecture;
    let wanted = policy.chosen(choice.unwrap_or(policy.default_architecture()));
    let offers = |architecture: &str| node_pools.iter().any(|own| own.offers(architecture));
    if wanted.iter().any(|architecture| offers(architecture)) {
        return None;
    }
    let (pool, rule_name) = (&*pool.name, &*rule.name);
    let chosen_by = if choice.is_some() {
        format!("rule {rule_name:?}")
    } else {
        "architectures.default".to_owned()
    };
    let wanted = wanted.join(" or ");
    let known = policy.architectures();
    let offered: Vec<&str> = known.iter().map(|known| &**known).collect();
    let offered = offered.into_iter().find(|known| offers(known));
    let remedy = match (offered, &rule.place) {
        (None, _) => format!("add a node pool for {wanted}"),
        (Some(offered), Place::Pool(_)) => {
            format!("add one, or give rule {rule_name:?} place.architecture: {offered}")
        }
        (Some(offered), _) => {
            format!("add one, or see that its pods have the label {ARCH_LABEL}: {offered}")
        }
    };
    let all = match choice.unwrap_or(policy.default_architecture()) {
        Architecture::One(_) => "for a pod that names none",
        Architecture::Any => "for every pod",
    };
    Some(format!(
        "pool {pool:?} has no node pool for {wanted}, which {chosen_by} chooses {all}: its pods run wherever they fit; \
         {remedy}"
    ))
}

fn in_pool(position: usize, message: String) -> FieldError {
    let error = FieldError::new(message).in_field("nodePools");
    error.in_item(position).in_field("pools").in_field("spec")
}
