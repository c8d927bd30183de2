//! A webhook in its surroundings, and the questions that several checks ask of it.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, RuleWithOperations};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::definition;
use crate::encoding::field::FieldError;
use crate::encoding::strict;
use crate::policy::{Selector, SelectorFile};
use crate::preflight::configuration::Configuration;
use crate::preflight::fault::{Fault, Severity};
use crate::preflight::scene::Scene;

/// Namespaces, by group and resource.
pub(super) const NAMESPACES: (&str, &str) = ("", "namespaces");
/// Policies, by group and resource.
pub(super) const POLICIES: (&str, &str) = (definition::GROUP, definition::PLURAL);

/// True if a rule lists nothing but namespaces and policies, the objects without a namespace that berth checks.
pub(super) fn is_unscoped(rule: &RuleWithOperations) -> bool {
    let resources = || rule.resources.iter().flatten();
    let known = [NAMESPACES.1, POLICIES.1];
    resources().next().is_some() && resources().all(|resource| known.contains(&resource.as_str()))
}

/// A webhook, its surroundings, and the faults found so far.
pub(in crate::preflight) struct Inspection<'a> {
    pub(in crate::preflight) scene: &'a Scene,
    pub(in crate::preflight) configuration: &'a Configuration<'a>,
    /// The place of the webhook in its configuration.
    pub(in crate::preflight) index: usize,
    pub(in crate::preflight) webhook: &'a MutatingWebhook,
    pub(in crate::preflight) faults: &'a mut Vec<Fault>,
}

impl Inspection<'_> {
    /// Notes a fault. `field` is its path from the webhook on.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        field: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let Configuration { chain, name, .. } = self.configuration;
        self.faults.push(Fault {
            severity,
            object: format!("{} {name}", chain.kind()),
            webhook: self.webhook.name.clone(),
            field: format!("webhooks[{}].{field}", self.index),
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// True if the API server refuses what it cannot ask the webhook about. A missing failurePolicy is Fail.
    pub(in crate::preflight) fn fails_closed(&self) -> bool {
        self.webhook.failure_policy.as_deref() != Some("Ignore")
    }

    /// Returns how bad a needless call is: it takes time under Ignore, and can block under Fail.
    pub(super) fn by_policy(&self) -> Severity {
        if self.fails_closed() {
            Severity::Error
        } else {
            Severity::Warning
        }
    }

    /// Returns the text under Fail, and nothing under Ignore.
    pub(super) fn consequence<'t>(&self, text: &'t str) -> &'t str {
        if self.fails_closed() { text } else { "" }
    }

    /// True if the webhook is asked about an operation on pods.
    pub(super) fn takes_pods(&self, operation: &str) -> bool {
        self.takes(("", "pods"), operation, "Cluster")
    }

    /// True if the webhook is asked about an operation on objects of a kind without a namespace.
    pub(super) fn takes_unscoped(&self, resource: (&str, &str), operation: &str) -> bool {
        self.takes(resource, operation, "Namespaced")
    }

    /// True if a rule lists a resource and an operation on it, and its scope is not the `other` one.
    fn takes(&self, (group, resource): (&str, &str), operation: &str, other: &str) -> bool {
        let mut rules = self.webhook.rules.iter().flatten();
        rules.any(|rule| {
            let lists = |list: &Option<Vec<String>>, wanted: &[&str]| {
                let mut list = list.iter().flatten();
                list.any(|value| wanted.contains(&value.as_str()))
            };
            lists(&rule.api_groups, &[group, "*"])
                && lists(&rule.resources, &[resource, "*", "*/*"])
                && lists(&rule.operations, &[operation, "*"])
                && rule.scope.as_deref() != Some(other)
        })
    }

    /// True if the webhook is asked about workloads that are no pods.
    pub(super) fn takes_others(&self) -> bool {
        let mut rules = self.webhook.rules.iter().flatten();
        rules.any(|rule| {
            let mut resources = rule.resources.iter().flatten();
            resources.any(|resource| resource != "pods") && !is_unscoped(rule)
        })
    }

    /// True if the webhook is asked about nothing but policies, which are in no namespace and are none.
    pub(super) fn takes_policies_alone(&self) -> bool {
        let mut rules = self.webhook.rules.iter().flatten();
        rules.all(|rule| {
            let mut resources = rule.resources.iter().flatten();
            is_unscoped(rule) && resources.all(|resource| resource == POLICIES.1)
        })
    }
}

/// Reads a selector that can be evaluated. One that is not written selects everything.
///
/// # Errors
/// Returns the field that is wrong, from the selector on.
pub(super) fn selector(written: Option<&LabelSelector>) -> Result<Selector, FieldError> {
    let Some(written) = written else {
        return Ok(Selector::default());
    };
    let value =
        serde_json::to_value(written).map_err(|error| FieldError::new(error.to_string()))?;
    let file: SelectorFile = strict::from_value(&value)?;
    Selector::try_from(file)
}
