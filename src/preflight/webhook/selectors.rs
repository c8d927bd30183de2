//! The selectors of a webhook: the namespaces and the objects that it is asked about.

use super::inspection::{Inspection, selector};
use crate::encoding::field::FieldError;
use crate::names::{INJECTION_LABEL, NAME_LABEL};
use crate::preflight::chain::Chain;
use crate::preflight::fault::Severity;

/// Checks that the webhook is never asked about the protected namespaces, and about those alone that opted in.
pub(super) fn check_namespaces(inspection: &mut Inspection<'_>) {
    if inspection.takes_policies_alone() {
        return;
    }
    let selector = match selector(inspection.webhook.namespace_selector.as_ref()) {
        Ok(selector) => selector,
        Err(FieldError { path, message }) => {
            let field = format!("namespaceSelector.{path}");
            inspection.report(
                Severity::Error,
                &field,
                message,
                "correct the field: the API server refuses it",
            );
            return;
        }
    };
    let protected = inspection.scene.protected().into_iter();
    let matched: Vec<&str> = protected
        .filter(|name| selector.admits(NAME_LABEL, Some(name)))
        .collect();
    if !matched.is_empty() {
        let names = matched.join(", ");
        inspection.report(
            inspection.by_policy(),
            "namespaceSelector",
            format!(
                "could match {names}: anyone who labels such a namespace makes it wait for berth{}",
                inspection.consequence(
                    ", and while berth is down nothing is created there: neither the cluster's pods nor berth's own"
                )
            ),
            format!("matchExpressions: {{key: {NAME_LABEL}, operator: NotIn, values: [{names}]}}"),
        );
    }
    // The validating side of a boundary judges every namespace on purpose.
    if inspection.configuration.chain == Chain::Mutating && selector.admits(INJECTION_LABEL, None) {
        inspection.report(
            inspection.by_policy(),
            "namespaceSelector",
            format!(
                "matches namespaces that have not opted in, where berth changes nothing{}",
                inspection.consequence("; while berth is down, no pod is created there either, not even one that berth needs")
            ),
            format!("matchLabels: {{{INJECTION_LABEL}: enabled}}"),
        );
    }
}

/// Checks that no label of a pod decides whether berth is asked.
pub(super) fn check_objects(inspection: &mut Inspection<'_>) {
    let selector = inspection.webhook.object_selector.as_ref();
    let chooses = selector.is_some_and(|selector| {
        selector.match_labels.iter().flatten().next().is_some()
            || selector.match_expressions.iter().flatten().next().is_some()
    });
    if chooses {
        inspection.report(
            Severity::Warning,
            "objectSelector",
            "lets the author of a pod decide, by a label, whether berth is asked",
            format!("leave it out; an author opts out by {INJECTION_LABEL}: disabled on the pod"),
        );
    }
}
