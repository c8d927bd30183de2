//! The check `stateful-on-spot`: a `StatefulSet` with volume claims would run on spot alone.
//!
//! A pod that moves finds its volume again, but on spot it moves whenever the capacity is taken away.

use std::sync::Arc;

use super::wording::asking_label;
use crate::encoding::wording::listed;
use crate::forecast::{Nodes, Reach, Revision};
use crate::label::{CAPACITY_TYPE, LASTING};
use crate::names::CAPACITY_LABEL;
use crate::node::NodePool;
use crate::placement::Basis;
use crate::policy::{Binding, Capacity, Pool};

/// Reports a `StatefulSet` with volume claims if none of its node pools can give it lasting capacity.
pub(super) fn stateful_on_spot(revision: &Revision<'_>) -> Vec<String> {
    let decision = revision.decision;
    let placed = decision.reason.is_placed();
    let bound = decision
        .pool
        .is_some_and(|pool| pool.binding == Binding::Required);
    if !revision.workload.claims_volumes || !placed || !bound {
        return Vec::new();
    }
    let reach = Reach::of(revision, Nodes::New);
    let lasts = |node_pool: &NodePool| {
        revision.pod().spec.alternatives().any(|alternative| {
            let lasting = |value: &&str| {
                node_pool.may_have(CAPACITY_TYPE, value) && alternative.admits(CAPACITY_TYPE, value)
            };
            LASTING.iter().any(lasting) && reach.allows_by(node_pool, alternative)
        })
    };
    let node_pools = || decision.node_pools.iter().copied();
    if node_pools().any(lasts) || reach.is_exhausted() {
        return Vec::new();
    }
    let names = listed(node_pools().map(|node_pool| &**node_pool.name()));
    if let Some(assigned) = decision.assigned {
        let pods = match assigned.basis {
            Basis::Label => "its pods",
            Basis::Counts | Basis::Lot => "some of its pods",
        };
        let field = revision.field("metadata.labels");
        let side = Capacity::OnDemand;
        return vec![
            format!("spec.volumeClaimTemplates: {pods} would run on spot alone, in {names}"),
            format!("for on-demand capacity set {field}[{CAPACITY_LABEL}]: {side}"),
        ];
    }
    let remedy = match (
        asking_label(&revision.snapshot.policy),
        lasting_pool(revision),
    ) {
        (Some(key), Some(pool)) => {
            let field = revision.field("metadata.labels");
            format!("for on-demand capacity set {field}[{key}]: {}", pool.name)
        }
        _ => "no pool of its namespace has on-demand capacity".to_owned(),
    };
    vec![
        format!("spec.volumeClaimTemplates: its pods would run on spot alone, in {names}"),
        remedy,
    ]
}

/// Returns a pool that the namespace may use and that never offers spot, or else one that offers lasting capacity too.
fn lasting_pool<'a>(revision: &Revision<'a>) -> Option<&'a Pool> {
    let open = |pool: &&Pool| pool.is_open_to(revision.namespace.labels);
    let all = |pool: &Pool, test: &dyn Fn(&NodePool) -> bool| {
        let mut node_pools = pool
            .all_node_pools()
            .filter_map(|name| revision.snapshot.catalogue.lasting(name))
            .peekable();
        node_pools.peek().is_some() && node_pools.all(test)
    };
    let mut pools = revision
        .snapshot
        .policy
        .pools()
        .iter()
        .map(Arc::as_ref)
        .filter(open);
    let never = pools.clone().find(|pool| {
        all(pool, &|node_pool| {
            !node_pool.may_have(CAPACITY_TYPE, "spot")
        })
    });
    never.or_else(|| {
        pools.find(|pool| {
            all(pool, &|node_pool| {
                LASTING
                    .iter()
                    .any(|value| node_pool.may_have(CAPACITY_TYPE, value))
            })
        })
    })
}
