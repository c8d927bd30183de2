//! The check `stateful-on-spot`: a pod that is moved finds its volume again, but it is moved whenever spot capacity goes.

use super::Side;
use super::reach::{Reach, Rule};
use super::wording::{asking_label, listed};
use crate::placement::Reason;
use crate::placement::catalogue::NodePool;
use crate::placement::policy::{Binding, Pool};
use crate::placement::requirement::CAPACITY_TYPE;

/// The capacity types that are not taken away.
const LASTING: [&str; 2] = ["on-demand", "reserved"];

/// A `StatefulSet` with volume claims would run on spot alone.
pub(super) fn stateful_on_spot(side: &Side<'_>) -> Vec<String> {
    let decision = side.decision();
    let placed = matches!(decision.reason, Reason::Placed | Reason::AlreadyPlaced);
    let bound = decision
        .pool
        .is_some_and(|pool| pool.binding == Binding::Required);
    if !side.workload.claims_volumes || !placed || !bound {
        return Vec::new();
    }
    let reach = Reach::of(side, Rule::New);
    let lasts = |node_pool: &NodePool| {
        side.pod().spec.alternatives().any(|alternative| {
            let lasting =
                |value: &&str| offers(node_pool, value) && alternative.admits(CAPACITY_TYPE, value);
            LASTING.iter().any(lasting) && reach.allows_by(node_pool, alternative)
        })
    };
    let node_pools = || decision.node_pools.iter().copied();
    if node_pools().any(lasts) || reach.is_exhausted() {
        return Vec::new();
    }
    let names = listed(node_pools().map(|node_pool| &**node_pool.name()));
    let remedy = match (asking_label(&side.snapshot.policy), lasting_pool(side)) {
        (Some(key), Some(pool)) => {
            let field = side.field("metadata.labels");
            format!("for on-demand capacity set {field}[{key}]: {}", pool.name)
        }
        _ => "no pool of its namespace has on-demand capacity".to_owned(),
    };
    vec![
        format!("spec.volumeClaimTemplates: its pods would run on spot alone, in {names}"),
        remedy,
    ]
}

fn offers(node_pool: &NodePool, capacity_type: &str) -> bool {
    let offered = node_pool.offered(CAPACITY_TYPE);
    offered.is_none_or(|offered| offered.contains(capacity_type))
}

/// A pool that the namespace may use and that is not on spot: never, if there is such a pool, and else not always.
fn lasting_pool<'a>(side: &Side<'a>) -> Option<&'a Pool> {
    let open = |pool: &&Pool| pool.is_open_to(side.case.namespace.labels);
    let all = |pool: &Pool, test: &dyn Fn(&NodePool) -> bool| {
        let mut node_pools = pool
            .node_pools
            .iter()
            .filter_map(|name| side.snapshot.catalogue.get(name))
            .peekable();
        node_pools.peek().is_some() && node_pools.all(test)
    };
    let mut pools = side.snapshot.policy.pools().iter().filter(open);
    let never = pools
        .clone()
        .find(|pool| all(pool, &|node_pool| !offers(node_pool, "spot")));
    never.or_else(|| {
        pools.find(|pool| {
            all(pool, &|node_pool| {
                LASTING.iter().any(|value| offers(node_pool, value))
            })
        })
    })
}
