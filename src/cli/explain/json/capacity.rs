//! The side of a split pool that a workload's pods go to, or both.

use serde::Serialize;

use crate::cli::explain::division::Division;
use crate::cli::explain::explanation::Explanation;

/// The side that a pod, or the first pod of a template, goes to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapacityJson<'r> {
    /// `on-demand` or `spot`.
    side: &'static str,
    /// `label` or `counts`.
    basis: &'static str,
    /// The position among the pods of its controller.
    position: Option<u32>,
    /// The numbers of the split: the pool's, or the workload's own.
    base_capacity: u32,
    percentage_above_base_capacity: u32,
    /// The number of pods that the object asks for on each side.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_pods: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spot_pods: Option<u32>,
    /// The decision for the first pod of a template that goes to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<OtherSideJson<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherSideJson<'r> {
    side: &'static str,
    position: Option<u32>,
    reason: &'static str,
    node_pools: Vec<&'r str>,
    architectures: &'r [&'r str],
    detail: Option<&'r str>,
}

/// Returns the sides of a workload's pods. `None` if their pool is not split.
pub(super) fn capacity<'r>(explanation: &'r Explanation<'_>) -> Option<CapacityJson<'r>> {
    let assigned = explanation.decision.assigned?;
    let division = explanation.division.as_ref();
    let counts = division.and_then(Division::counts);
    let other = division.and_then(|division| {
        let decision = division.other.as_ref()?;
        let node_pools = decision.node_pools.iter();
        decision.assigned.map(|assigned| OtherSideJson {
            side: assigned.side.as_str(),
            position: assigned.position,
            reason: decision.reason.as_str(),
            node_pools: node_pools.map(|one| &**one.name()).collect(),
            architectures: &decision.architectures,
            detail: decision.detail.as_deref(),
        })
    });
    Some(CapacityJson {
        side: assigned.side.as_str(),
        basis: assigned.basis.as_str(),
        position: assigned.position,
        base_capacity: assigned.split.base(),
        percentage_above_base_capacity: assigned.split.percentage(),
        on_demand_pods: counts.map(|(on_demand, _)| on_demand),
        spot_pods: counts.map(|(_, spot)| spot),
        other,
    })
}
