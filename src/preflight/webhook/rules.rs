//! The rules of a webhook: the resources and operations that the API server asks it about.

use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;

use super::inspection::{Inspection, NAMESPACES, POLICIES, is_unscoped};
use crate::preflight::chain::Chain;
use crate::preflight::fault::Severity;

/// The resources that berth places or checks, with their groups.
const RESOURCES: [(&str, &str); 5] = [
    ("", "pods"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
];

/// Checks that the webhook is asked about nothing that it has no answer for.
pub(super) fn check(inspection: &mut Inspection<'_>) {
    let webhook = inspection.webhook;
    for (index, rule) in webhook.rules.iter().flatten().enumerate() {
        let path = format!("rules[{index}]");
        wildcards(inspection, &path, rule);
        resources(inspection, &path, rule);
        operations(inspection, &path, rule);
    }
}

fn wildcards(inspection: &mut Inspection<'_>, path: &str, rule: &RuleWithOperations) {
    let severity = inspection.by_policy();
    let lists = [
        ("apiGroups", &rule.api_groups, severity),
        ("apiVersions", &rule.api_versions, Severity::Warning),
        ("resources", &rule.resources, severity),
        ("operations", &rule.operations, severity),
    ];
    for (field, list, severity) in lists {
        let mut wild = list.iter().flatten().filter(|value| value.contains('*'));
        if let Some(value) = wild.next() {
            inspection.report(
                severity,
                &format!("{path}.{field}"),
                format!(
                    "{value:?} has the API server ask berth about objects that it does not know{}",
                    inspection.consequence(", and refuse all of it while berth is down")
                ),
                "list the values, as the shipped configuration does",
            );
        }
    }
    // These are in no namespace, and their selector, if they have one, asks the namespace itself.
    if is_unscoped(rule) {
        return;
    }
    if rule.scope.as_deref() != Some("Namespaced") {
        inspection.report(
            Severity::Warning,
            &format!("{path}.scope"),
            "includes objects without a namespace, which no namespaceSelector keeps away",
            "scope: Namespaced",
        );
    }
}

fn resources(inspection: &mut Inspection<'_>, path: &str, rule: &RuleWithOperations) {
    let is_wild = |text: &str| text.contains('*');
    let groups = || rule.api_groups.iter().flatten().map(String::as_str);
    let unscoped: &[(&str, &str)] = match inspection.configuration.chain {
        Chain::Mutating => &[],
        Chain::Validating => &[NAMESPACES, POLICIES],
    };
    for resource in rule.resources.iter().flatten() {
        let known = RESOURCES
            .iter()
            .chain(unscoped)
            .any(|(group, known)| known == resource && groups().any(|listed| listed == *group));
        let field = format!("{path}.resources");
        if is_wild(resource) {
            continue;
        }
        if resource.contains('/') {
            inspection.report(
                inspection.by_policy(),
                &field,
                format!(
                    "{resource:?} is a subresource: kubelets, the scheduler and evictions write there all day, and berth \
                     has nothing to say about it{}",
                    inspection.consequence("; while berth is down, nodes cannot report and nothing is evicted")
                ),
                "leave it out",
            );
        } else if !known && !groups().any(is_wild) {
            inspection.report(
                inspection.by_policy(),
                &field,
                format!(
                    "berth has nothing to say about {resource:?}{}",
                    inspection.consequence(
                        "; while berth is down, controllers that write them stand still"
                    )
                ),
                "leave it out: berth judges the pods of ReplicaSets and DaemonSets as pods",
            );
        }
    }
}

fn operations(inspection: &mut Inspection<'_>, path: &str, rule: &RuleWithOperations) {
    let wanted: &[&str] = match inspection.configuration.chain {
        Chain::Mutating => &["CREATE"],
        Chain::Validating => &["CREATE", "UPDATE"],
    };
    for operation in rule.operations.iter().flatten() {
        if operation == "*" || wanted.contains(&operation.as_str()) {
            continue;
        }
        inspection.report(
            inspection.by_policy(),
            &format!("{path}.operations"),
            format!(
                "berth has nothing to say about {operation} here{}",
                inspection.consequence("; while berth is down, it is refused")
            ),
            format!("operations: [{}]", wanted.join(", ")),
        );
    }
}
