//! The check `pool-unavailable`: the cluster has no node pool of the pool that the pod gets.

use super::wording::own_pool_labels;
use crate::encoding::wording::listed;
use crate::forecast::Revision;
use crate::placement::Reason;

/// Reports a pod that berth leaves as it is, since the cluster lacks the node pools that the pod could use.
pub(super) fn pool_unavailable(revision: &Revision<'_>) -> Vec<String> {
    let decision = revision.decision;
    let (Reason::Unavailable, Some(pool), Some(detail)) =
        (decision.reason, decision.pool, &decision.detail)
    else {
        return Vec::new();
    };
    let metadata = revision.pod().metadata;
    let asks = own_pool_labels(revision).any(|key| metadata.label(key) == Some(&*pool.name));
    let catalogue = &revision.snapshot.catalogue;
    let mut lacking = pool
        .all_node_pools()
        .filter(|name| catalogue.lasting(name).is_none())
        .peekable();
    let mut lines = vec![detail.clone()];
    lines.push(if asks {
        "its pods run wherever they fit, whatever their label says".to_owned()
    } else {
        "its pods run wherever they fit".to_owned()
    });
    if lacking.peek().is_some() {
        let lacking = listed(lacking.map(|name| &**name));
        lines.push(format!("add {lacking}, or change the policy's pool"));
    }
    lines
}
