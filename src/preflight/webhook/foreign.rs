//! Other people's webhooks, and whether berth's own pods wait for them.
//!
//! This prevents a deadlock: if a webhook that fails closed selects berth's pods, berth cannot start while that webhook
//! is down. If berth fails closed as well, and selects the pods behind that webhook, each waits for the other.

use super::inspection::{Inspection, selector};
use crate::names::NAME_LABEL;
use crate::preflight::fault::Severity;

/// Reports that berth's own pods wait for the webhook, if they do.
pub(super) fn check(inspection: &mut Inspection<'_>) {
    if !inspection.fails_closed()
        || !inspection.takes_pods("CREATE")
        || !selects_own_pods(inspection)
    {
        return;
    }
    let scene = inspection.scene;
    let own = scene.own.iter().filter(|name| selects(inspection, name));
    let own: Vec<&str> = own.map(String::as_str).collect();
    if own.is_empty() {
        return;
    }
    let own = own.join(", ");
    let conditions = inspection.webhook.match_conditions.as_ref();
    let unless = match conditions.filter(|conditions| !conditions.is_empty()) {
        Some(_) => ", unless its matchConditions keep them away",
        None => "",
    };
    inspection.report(
        Severity::Warning,
        "failurePolicy",
        format!("Fail: while it is down, berth's own pods in {own} cannot start{unless}"),
        format!("have it leave {own} alone: {NAME_LABEL} NotIn [{own}] in its namespaceSelector"),
    );
}

/// True if the labels of a namespace match. A namespace that is not known may have any.
fn selects(inspection: &Inspection<'_>, namespace: &str) -> bool {
    let Ok(selector) = selector(inspection.webhook.namespace_selector.as_ref()) else {
        return true;
    };
    match inspection.scene.namespaces.get(namespace) {
        Some(labels) => selector.matches(|key| labels.get(key)),
        None => selector.admits(NAME_LABEL, Some(namespace)),
    }
}

/// True if the labels of berth's own pods match. Pods that are not known may have any.
fn selects_own_pods(inspection: &Inspection<'_>) -> bool {
    let Ok(selector) = selector(inspection.webhook.object_selector.as_ref()) else {
        return true;
    };
    let pods = &inspection.scene.pods;
    pods.is_empty()
        || pods
            .iter()
            .any(|labels| selector.matches(|key| labels.get(key).map(String::as_str)))
}
