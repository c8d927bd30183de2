//! The selectors of a webhook: the namespaces and the objects that it is asked about.

use super::inspection::{Inspection, selector};
use crate::encoding::field::FieldError;
use crate::names::{INJECTION_LABEL, NAME_LABEL};
use crate::preflight::chain::Chain;
use crate::preflight::fault::Severity;

impl Inspection<'_> {
    /// Checks that the webhook is never asked about the protected namespaces, and about those alone that opted in.
    pub(super) fn namespace_selector(&mut self) {
        let selector = match selector(self.webhook.namespace_selector.as_ref()) {
            Ok(selector) => selector,
            Err(FieldError { path, message }) => {
                let field = format!("namespaceSelector.{path}");
                self.report(
                    Severity::Error,
                    &field,
                    message,
                    "correct the field: the API server refuses it",
                );
                return;
            }
        };
        let protected = self.scene.protected().into_iter();
        let matched: Vec<&str> = protected
            .filter(|name| selector.admits(NAME_LABEL, Some(name)))
            .collect();
        if !matched.is_empty() {
            let names = matched.join(", ");
            self.report(
                self.by_policy(),
                "namespaceSelector",
                format!(
                    "could match {names}: anyone who labels such a namespace makes it wait for berth{}",
                    self.consequence(
                        ", and while berth is down nothing is created there: neither the cluster's pods nor berth's own"
                    )
                ),
                format!("matchExpressions: {{key: {NAME_LABEL}, operator: NotIn, values: [{names}]}}"),
            );
        }
        // The validating side of a boundary judges every namespace on purpose.
        if self.configuration.chain == Chain::Mutating && selector.admits(INJECTION_LABEL, None) {
            self.report(
                self.by_policy(),
                "namespaceSelector",
                format!(
                    "matches namespaces that have not opted in, where berth changes nothing{}",
                    self.consequence("; while berth is down, no pod is created there either, not even one that berth needs")
                ),
                format!("matchLabels: {{{INJECTION_LABEL}: enabled}}"),
            );
        }
    }

    /// Checks that no label of a pod decides whether berth is asked.
    pub(super) fn object_selector(&mut self) {
        let selector = self.webhook.object_selector.as_ref();
        let chooses = selector.is_some_and(|selector| {
            selector.match_labels.iter().flatten().next().is_some()
                || selector.match_expressions.iter().flatten().next().is_some()
        });
        if chooses {
            self.report(
                Severity::Warning,
                "objectSelector",
                "lets the author of a pod decide, by a label, whether berth is asked",
                format!(
                    "leave it out; an author opts out by {INJECTION_LABEL}: disabled on the pod"
                ),
            );
        }
    }
}
