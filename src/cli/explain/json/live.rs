//! The facts about a live object.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::explain::explanation::Explanation;
use crate::cli::explain::live::{Live, Outlook};
use crate::cli::explain::report::Examined;

/// The facts about a live object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveJson<'r> {
    /// The decision that berth wrote on the pod.
    decision: Option<&'r str>,
    node: Option<&'r str>,
    node_labels: BTreeMap<&'r str, &'r str>,
    /// The scheduler's message, while the pod waits.
    waits: Option<&'r str>,
    /// Karpenter's last message, while the pod waits.
    karpenter: Option<&'r str>,
    /// The number of its pods, and of those that berth placed.
    pods: Option<usize>,
    placed_pods: Option<usize>,
    /// The number of its pods on each side of a split pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_pods: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spot_pods: Option<usize>,
    /// The difference between its pods and what berth would make of them today.
    today: Option<String>,
    to_do: Vec<String>,
}

/// Returns the facts about a live object.
pub(super) fn live<'r>(
    live: &'r Live,
    object: &Examined<'_, '_>,
    explanation: &Explanation<'_>,
) -> LiveJson<'r> {
    let decision = &explanation.decision;
    let namespace = object.identity.effective_namespace();
    let Outlook { difference, to_do } = live.outlook(namespace, decision.reason, decision.mode);
    let pod = live.pod.as_ref();
    let sides = live.pods.and_then(|pods| pods.sides());
    let labels = pod.into_iter().flat_map(|pod| &pod.node_labels);
    LiveJson {
        decision: pod.and_then(|pod| pod.decision.as_deref()),
        node: pod.and_then(|pod| pod.node.as_deref()),
        node_labels: labels
            .map(|(word, value)| (*word, value.as_str()))
            .collect(),
        waits: pod.and_then(|pod| pod.waits.as_deref()),
        karpenter: pod.and_then(|pod| pod.karpenter.as_deref()),
        pods: live.pods.map(|pods| pods.all),
        placed_pods: live.pods.map(|pods| pods.placed),
        on_demand_pods: sides.map(|(on_demand, _)| on_demand),
        spot_pods: sides.map(|(_, spot)| spot),
        today: difference,
        to_do,
    }
}
