//! The lints of split pools: sides that are not what they are for, and numbers that leave one of them idle.

use super::flaw::{Flaw, Lint, Subject};
use super::scope::Scope;
use crate::encoding::field::FieldError;
use crate::node::NodePool;
use crate::policy::{Capacity, OnDemand, Pool};

/// Returns the flaws of the split pools.
pub(super) fn flaws(scope: &Scope<'_>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let pools = scope.policy.pools().iter().enumerate();
    for (position, pool) in pools {
        let Some(on_demand) = &pool.on_demand else {
            continue;
        };
        let found = [
            (Lint::SpotOnDemandSide, spot_on_demand_side(scope, pool)),
            (Lint::SplitWithoutSpot, split_without_spot(scope, pool)),
            (
                Lint::OneSidedArchitecture,
                one_sided_architecture(scope, pool),
            ),
            (Lint::IdleSide, idle_side(pool, on_demand)),
        ];
        for (lint, error) in found {
            flaws.extend(error.map(|error| {
                let error = error.in_item(position).in_field("pools").in_field("spec");
                Flaw::of_error(lint, Subject::Policy, &error)
            }));
        }
    }
    flaws
}

/// Returns the node pools of a side that are there.
fn there<'s>(
    scope: &'s Scope<'_>,
    pool: &'s Pool,
    side: Capacity,
) -> impl Iterator<Item = &'s NodePool> + Clone {
    let names = pool.side(side).iter();
    names.filter_map(|name| scope.catalogue.lasting(name))
}

fn on_demand_node_pools(message: String) -> FieldError {
    let error = FieldError::new(message).in_field("nodePools");
    error.in_field("onDemand")
}

/// Returns an error if the side that is to last may be taken away like the other.
fn spot_on_demand_side(scope: &Scope<'_>, pool: &Pool) -> Option<FieldError> {
    let mut side = there(scope, pool, Capacity::OnDemand);
    let node_pool = side.find(|node_pool| node_pool.offers_capacity("spot"))?;
    Some(on_demand_node_pools(format!(
        "pool {:?} has node pool {} on its on-demand side, which may make spot nodes: its pods there are no safer than the \
         others; let the node pool offer on-demand alone, or name another",
        &*pool.name,
        node_pool.name()
    )))
}

/// Returns an error if the pool's own node pools are on demand too.
fn split_without_spot(scope: &Scope<'_>, pool: &Pool) -> Option<FieldError> {
    let mut own = there(scope, pool, Capacity::Spot).peekable();
    own.peek()?;
    if own.any(|node_pool| node_pool.offers_capacity("spot")) {
        return None;
    }
    let message = format!(
        "pool {:?} is split, and none of its own node pools makes spot nodes: both its sides are on demand, and the split \
         saves nothing; name node pools on spot under nodePools, or remove onDemand",
        &*pool.name
    );
    Some(FieldError::new(message).in_field("nodePools"))
}

/// Returns an error if pods of a known architecture can go to one side alone.
fn one_sided_architecture(scope: &Scope<'_>, pool: &Pool) -> Option<FieldError> {
    if !scope.knows_all_of(pool) {
        return None;
    }
    let on_demand = there(scope, pool, Capacity::OnDemand);
    let own = there(scope, pool, Capacity::Spot);
    // A side without node pools is told already.
    if on_demand.clone().next().is_none() || own.clone().next().is_none() {
        return None;
    }
    let mut known = scope.policy.architectures().iter();
    known.find_map(|architecture| {
        let offers = |node_pool: &NodePool| node_pool.offers(architecture);
        let (side, message) = match (on_demand.clone().any(offers), own.clone().any(offers)) {
            (false, true) => (Capacity::OnDemand, "none of the pods for it runs on demand"),
            (true, false) => (Capacity::Spot, "all pods for it run on demand"),
            _ => return None,
        };
        let message = format!(
            "pool {:?} has node pools for {architecture} on one side alone: {message}; add one for it to the other side",
            &*pool.name
        );
        Some(match side {
            Capacity::OnDemand => on_demand_node_pools(message),
            Capacity::Spot => FieldError::new(message).in_field("nodePools"),
        })
    })
}

/// Returns an error if the numbers of the pool send no pod to a side. A workload may have numbers of its own.
fn idle_side(pool: &Pool, on_demand: &OnDemand) -> Option<FieldError> {
    let split = on_demand.split;
    let (side, numbers) = match (split.base(), split.percentage()) {
        (0, 0) => ("on-demand", "its base and its percentage are 0"),
        (_, 100) => ("spot", "its percentage is 100"),
        _ => return None,
    };
    let message = format!(
        "pool {:?} sends no pod to its {side} side, since {numbers}; set other numbers, unless each workload is to set its own",
        &*pool.name
    );
    let error = FieldError::new(message).in_field("percentageAboveBaseCapacity");
    Some(error.in_field("onDemand"))
}
