//! The lints of node pools: whom they let in, and in which order.

use std::collections::BTreeSet;

use super::flaw::{Flaw, Lint};
use super::scope::{Part, Scope};
use crate::node::{NodePool, State};
use crate::policy::{Binding, Pool};

/// Returns the flaws of the node pools.
pub(super) fn flaws(scope: &Scope<'_>) -> Vec<Flaw> {
    let mut flaws = leaky(scope);
    flaws.extend(heavy(scope));
    flaws.extend(empty(scope));
    flaws.extend(unnamed(scope));
    flaws
}

fn flaw(scope: &Scope<'_>, lint: Lint, node_pool: &NodePool, part: Part, message: String) -> Flaw {
    let (subject, error) = scope.of_node_pool(node_pool.name(), part, message);
    Flaw::of_error(lint, subject, &error)
}

/// True if pods that tolerate nothing can run on its nodes.
fn is_open(node_pool: &NodePool) -> bool {
    node_pool.hard_taints().next().is_none()
}

/// Returns the names of the default pool's node pools, which are meant to be open.
fn of_default_pool<'p>(scope: &Scope<'p>) -> BTreeSet<&'p str> {
    let pool = scope.default_pool().into_iter();
    pool.flat_map(Pool::all_node_pools)
        .map(|name| &**name)
        .collect()
}

/// Returns a flaw for each node pool without a taint whose pool is not for everybody.
fn leaky(scope: &Scope<'_>) -> Vec<Flaw> {
    let open = of_default_pool(scope);
    let mut told = BTreeSet::new();
    let mut flaws = Vec::new();
    for pool in scope.policy.pools() {
        if pool.binding == Binding::Preferred && pool.namespaces.is_none() {
            continue;
        }
        let own = scope.node_pools(pool).filter(|own| is_open(own));
        for node_pool in own.filter(|own| !open.contains(&**own.name())) {
            if told.insert(node_pool.name()) {
                let message = leak(pool, node_pool);
                flaws.push(flaw(
                    scope,
                    Lint::LeakyNodePool,
                    node_pool,
                    Part::Taints,
                    message,
                ));
            }
        }
    }
    flaws
}

fn leak(pool: &Pool, node_pool: &NodePool) -> String {
    let name = node_pool.name();
    let whose = if pool.namespaces.is_some() {
        "which only some namespaces may use"
    } else {
        "which is for the pods that the policy sends there"
    };
    let hard = "no taint that keeps pods off";
    let lacks = if node_pool.taints().is_empty() {
        "no taint"
    } else {
        hard
    };
    let remedy = match pool.binding {
        Binding::Required => format!(
            "give it the taint {}={name}:NoSchedule, which berth's pods then tolerate",
            node_pool.node_label()
        ),
        Binding::Preferred => "bind the pool Required, and taint its node pools".to_owned(),
    };
    format!(
        "node pool {name} has {lacks}, and is of pool {:?}, {whose}: any pod that selects nothing can run there; {remedy}",
        &*pool.name
    )
}

/// Returns a flaw for each open node pool that Karpenter tries before those of the default pool.
fn heavy(scope: &Scope<'_>) -> Vec<Flaw> {
    let open = of_default_pool(scope);
    let weights = open.iter().filter_map(|name| {
        let node_pool = scope.catalogue.lasting(name)?;
        let weight = scope.offers.weight(name)?;
        is_open(node_pool).then_some((weight, *name))
    });
    let Some((heaviest, first)) = weights.max() else {
        return Vec::new();
    };
    let others = scope.catalogue.iter().filter(|node_pool| {
        node_pool.state().is_there()
            && !node_pool.is_external()
            && is_open(node_pool)
            && !open.contains(&**node_pool.name())
    });
    let told = others.filter_map(|node_pool| {
        let name = node_pool.name();
        let weight = scope.offers.weight(name)?;
        (weight > heaviest).then(|| {
            let message = format!(
                "node pool {name} has weight {weight} and no taint: a pod that selects nothing goes there before {first} \
                 (weight {heaviest}), which is of the default pool; taint it, or give it less weight than {first}"
            );
            flaw(scope, Lint::HeavyNodePool, node_pool, Part::Weight, message)
        })
    });
    told.collect()
}

/// Returns a flaw for each node pool that can make no node.
fn empty(scope: &Scope<'_>) -> Vec<Flaw> {
    let all = scope.catalogue.iter();
    let empty = all.filter(|node_pool| node_pool.state() == State::Empty);
    let told = empty.map(|node_pool| {
        let message = format!(
            "no instance type meets all requirements of node pool {}: Karpenter makes no node of it; loosen one of them",
            node_pool.name()
        );
        flaw(scope, Lint::EmptyNodePool, node_pool, Part::Requirements, message)
    });
    told.collect()
}

/// Returns a flaw for each node pool that no pool names.
fn unnamed(scope: &Scope<'_>) -> Vec<Flaw> {
    let named = scope.policy.node_pools();
    let others = scope
        .catalogue
        .iter()
        .filter(|node_pool| node_pool.state().is_there() && !named.contains(node_pool.name()));
    let told = others.map(|node_pool| {
        let open = if is_open(node_pool) {
            ", and pods that select nothing can run there, since it has no taint"
        } else {
            ""
        };
        let message = format!(
            "no pool names node pool {}: berth sends no pod there{open}; add it to the nodePools of a pool, unless it is meant \
             for pods that berth leaves alone",
            node_pool.name()
        );
        flaw(scope, Lint::UnnamedNodePool, node_pool, Part::Name, message)
    });
    told.collect()
}
