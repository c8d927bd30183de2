//! The rules of a webhook: what the API server asks it about.

use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;

use super::Severity;
use super::registration::Side;
use super::webhook::Judge;

/// The resources that berth has anything to say about, with their groups.
const RESOURCES: [(&str, &str); 5] = [
    ("", "pods"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
];

impl Judge<'_, '_> {
    /// Whether the webhook is asked about an operation on pods.
    pub(super) fn takes_pods(&self, operation: &str) -> bool {
        let mut rules = self.webhook.rules.iter().flatten();
        rules.any(|rule| {
            let lists = |list: &Option<Vec<String>>, wanted: &[&str]| {
                let mut list = list.iter().flatten();
                list.any(|value| wanted.contains(&value.as_str()))
            };
            lists(&rule.api_groups, &["", "*"])
                && lists(&rule.resources, &["pods", "*", "*/*"])
                && lists(&rule.operations, &[operation, "*"])
                && rule.scope.as_deref() != Some("Cluster")
        })
    }

    /// Whether it is asked about anything but pods.
    pub(super) fn takes_others(&self) -> bool {
        let mut rules = self.webhook.rules.iter().flatten();
        rules.any(|rule| {
            let mut resources = rule.resources.iter().flatten();
            resources.any(|resource| resource != "pods")
        })
    }

    /// What it is asked about and need not be.
    pub(super) fn rules(&mut self) {
        let webhook = self.webhook;
        for (index, rule) in webhook.rules.iter().flatten().enumerate() {
            let path = format!("rules[{index}]");
            self.wildcards(&path, rule);
            self.resources(&path, rule);
            self.operations(&path, rule);
        }
    }

    fn wildcards(&mut self, path: &str, rule: &RuleWithOperations) {
        let severity = self.by_policy();
        let lists = [
            ("apiGroups", &rule.api_groups, severity),
            ("apiVersions", &rule.api_versions, Severity::Warning),
            ("resources", &rule.resources, severity),
            ("operations", &rule.operations, severity),
        ];
        for (field, list, severity) in lists {
            let mut wild = list.iter().flatten().filter(|value| value.contains('*'));
            if let Some(value) = wild.next() {
                self.say(
                    severity,
                    &format!("{path}.{field}"),
                    format!(
                        "{value:?} has the API server ask berth about what it knows nothing of{}",
                        self.consequence(", and refuse all of it while berth is down")
                    ),
                    "name what is meant, as the shipped configuration does",
                );
            }
        }
        if rule.scope.as_deref() != Some("Namespaced") {
            self.say(
                Severity::Warning,
                &format!("{path}.scope"),
                "takes in objects without a namespace, which no namespaceSelector keeps away",
                "scope: Namespaced",
            );
        }
    }

    fn resources(&mut self, path: &str, rule: &RuleWithOperations) {
        let is_wild = |text: &str| text.contains('*');
        let groups = || rule.api_groups.iter().flatten().map(String::as_str);
        for resource in rule.resources.iter().flatten() {
            let known = RESOURCES
                .iter()
                .any(|(group, known)| known == resource && groups().any(|listed| listed == *group));
            let field = format!("{path}.resources");
            if is_wild(resource) {
                continue;
            }
            if resource.contains('/') {
                self.say(
                    self.by_policy(),
                    &field,
                    format!(
                        "{resource:?} is a subresource: kubelets, the scheduler and evictions write there all day, and berth \
                         has nothing to say about it{}",
                        self.consequence("; while berth is down, nodes cannot report and nothing is evicted")
                    ),
                    "leave it out",
                );
            } else if !known && !groups().any(is_wild) {
                self.say(
                    self.by_policy(),
                    &field,
                    format!(
                        "berth has nothing to say about {resource:?}{}",
                        self.consequence("; while berth is down, controllers that write them stand still")
                    ),
                    "leave it out: ReplicaSets' and DaemonSets' pods are judged as pods, or not at all",
                );
            }
        }
    }

    fn operations(&mut self, path: &str, rule: &RuleWithOperations) {
        let wanted: &[&str] = match self.configuration.side {
            Side::Mutating => &["CREATE"],
            Side::Validating => &["CREATE", "UPDATE"],
        };
        for operation in rule.operations.iter().flatten() {
            if operation == "*" || wanted.contains(&operation.as_str()) {
                continue;
            }
            self.say(
                self.by_policy(),
                &format!("{path}.operations"),
                format!(
                    "this side of berth has nothing to say about {operation}{}",
                    self.consequence("; while berth is down, it is refused")
                ),
                format!("operations: [{}]", wanted.join(", ")),
            );
        }
    }
}
