//! The protocol of a webhook: how the API server calls it, and what follows if the call fails.

use super::inspection::{Inspection, NAMESPACES, POLICIES};
use crate::preflight::chain::Chain;
use crate::preflight::fault::Severity;

/// The longest wait for a webhook, in seconds: the others of a request need the rest of its 34 (R5.9).
const LONGEST_TIMEOUT: i32 = 3;
/// The wait of the API server if nothing is written, in seconds.
const DEFAULT_TIMEOUT: i32 = 10;

/// Reports the price of Fail.
pub(super) fn failure_policy(inspection: &mut Inspection<'_>) {
    if !inspection.fails_closed() {
        return;
    }
    if inspection.takes_unscoped(POLICIES, "CREATE") {
        inspection.report(
            Severity::Error,
            "failurePolicy",
            "Fail: while berth is down, or not ready for want of a policy that it can use, nobody can apply a better one",
            "failurePolicy: Ignore, as shipped",
        );
    }
    if inspection.takes_unscoped(NAMESPACES, "CREATE") {
        inspection.report(
            Severity::Warning,
            "failurePolicy",
            "Fail: while berth is down, no namespace with a label of berth's is created, and none gets one",
            "failurePolicy: Ignore, as shipped: a misspelt label is told in berth's log and in the policy's status too",
        );
    }
    if !inspection.takes_pods("CREATE") && !inspection.takes_others() {
        return;
    }
    let what = match (inspection.takes_pods("CREATE"), inspection.takes_others()) {
        (true, false) => "no pod",
        (true, true) => "no pod and no workload",
        (false, _) => "no workload",
    };
    match inspection.configuration.chain {
        Chain::Mutating => inspection.report(
            Severity::Warning,
            "failurePolicy",
            format!("Fail: while berth is down, {what} is created in the namespaces that it selects"),
            "failurePolicy: Ignore, as shipped: a pod that is not placed is a nuisance, one that is not created an outage",
        ),
        Chain::Validating => inspection.report(
            Severity::Note,
            "failurePolicy",
            format!(
                "Fail: until berth has its certificate, and whenever it is down, {what} is created in the namespaces \
                 that it selects, not even by a controller"
            ),
            "know the price of a boundary, deploy/overlays/boundary/README.md; failurePolicy: Ignore makes it a guard rail",
        ),
    }
}

/// Checks the timeout, the side effects, the versions and the policies of matching and reinvocation.
pub(super) fn check(inspection: &mut Inspection<'_>) {
    timeout(inspection);
    side_effects(inspection);
    let webhook = inspection.webhook;
    let mut versions = webhook.admission_review_versions.iter();
    if !versions.any(|version| version == "v1") {
        inspection.report(
            inspection.by_policy(),
            "admissionReviewVersions",
            "without v1 the API server may have no version to ask in: every call fails",
            "admissionReviewVersions: [v1]",
        );
    }
    if webhook.match_policy.as_deref() == Some("Exact") {
        inspection.report(
            Severity::Warning,
            "matchPolicy",
            "Exact: an object in another version of its API passes by",
            "matchPolicy: Equivalent",
        );
    }
    let reinvocation = webhook.reinvocation_policy.as_deref();
    if inspection.configuration.chain == Chain::Mutating && reinvocation != Some("IfNeeded") {
        inspection.report(
            Severity::Warning,
            "reinvocationPolicy",
            "Never: berth does not see what a later webhook adds to a pod, such as a selector that excludes berth's own",
            "reinvocationPolicy: IfNeeded",
        );
    }
}

fn timeout(inspection: &mut Inspection<'_>) {
    let timeout = inspection
        .webhook
        .timeout_seconds
        .unwrap_or(DEFAULT_TIMEOUT);
    if timeout > LONGEST_TIMEOUT {
        inspection.report(
            Severity::Warning,
            "timeoutSeconds",
            format!(
                "{timeout} s: if berth does not answer, every request that asks it takes so long, and a request has 34 s \
                 for all its webhooks"
            ),
            "timeoutSeconds: 2",
        );
    }
}

fn side_effects(inspection: &mut Inspection<'_>) {
    match inspection.webhook.side_effects.as_str() {
        "None" => {}
        "NoneOnDryRun" => inspection.report(
            Severity::Warning,
            "sideEffects",
            "berth has none, not even outside a dry run",
            "sideEffects: None",
        ),
        other => inspection.report(
            Severity::Error,
            "sideEffects",
            format!("{other:?}: the API server refuses it, or else every dry run, and with it kubectl diff and GitOps tools"),
            "sideEffects: None",
        ),
    }
}
