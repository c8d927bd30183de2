//! The state of an installation in a cluster: what berth needs besides its registration.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::registration::{Side, has_flag};
use super::{Finding, Object, Report, Severity};
use crate::definition::{self, ConditionStatus, Status};
use crate::named::named;
use crate::names::KIND;
use crate::node::Catalogue;
use crate::policy::{Policy, embedded_policy, read_policy_spec};

/// The oldest Kubernetes that berth is made for: from it on, match conditions are there for good (R5.12).
const OLDEST: (u32, u32) = (1, 30);

named! {
    /// What is looked at in a cluster.
    pub enum Resource {
        /// Mutating webhook configurations.
        MutatingWebhooks = "mutatingwebhookconfigurations",
        /// Validating webhook configurations.
        ValidatingWebhooks = "validatingwebhookconfigurations",
        /// Namespaces.
        Namespaces = "namespaces",
        /// Deployments in berth's own namespace.
        Deployments = "deployments",
        /// Karpenter's node pools.
        NodePools = "nodepools",
        /// The policy.
        Policies = "placementpolicies",
    }
}

named! {
    /// Why nothing is known of a resource.
    pub enum Absence {
        /// The API server knows no such resource.
        NotServed = "not-served",
        /// It may not be listed.
        Forbidden = "forbidden",
    }
}

/// What could not be looked at.
pub type Unseen = BTreeMap<Resource, Absence>;

/// Judges what is in a cluster besides webhook configurations, which `report` tells of.
#[must_use]
pub fn judge(
    objects: &[Object<'_>],
    (major, minor): (&str, &str),
    unseen: &Unseen,
    report: &Report,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    version(major, minor, &mut findings);
    passed_over(unseen, &mut findings);
    let sides = [Resource::MutatingWebhooks, Resource::ValidatingWebhooks];
    if report.webhooks == 0 && !sides.iter().any(|side| unseen.contains_key(side)) {
        findings.push(finding(
            Severity::Warning,
            Side::Mutating.kind().to_owned(),
            "",
            "none is berth's: it is not asked about anything",
            "kubectl apply -k deploy, see deploy/README.md",
        ));
    }
    let of_kind = |group: &'static str, kind: &'static str| {
        let is_of = move |object: &&Object<'_>| (object.group, object.kind) == (group, kind);
        objects.iter().filter(is_of)
    };
    let deployments: Vec<&Object<'_>> = of_kind("apps", "Deployment").collect();
    if !unseen.contains_key(&Resource::Deployments) {
        replicas(&deployments, report, &mut findings);
    }
    let policy = of_kind(definition::GROUP, KIND).find(|policy| policy.name == definition::NAME);
    if let Some(policy) = policy {
        accepted(policy.value, &mut findings);
    }
    let in_a_file = deployments
        .iter()
        .any(|deployment| has_flag(deployment.value, "--policy"));
    let unknown = unseen.get(&Resource::Policies) == Some(&Absence::Forbidden)
        || unseen.get(&Resource::NodePools) == Some(&Absence::Forbidden);
    if in_a_file || unknown {
        return findings;
    }
    let in_force = policy.map_or_else(
        || embedded_policy().ok(),
        |policy| read_policy_spec(policy.value["spec"].clone()).ok(),
    );
    // One that cannot be read is not accepted, which has been said.
    if let Some((in_force, written)) = in_force {
        let live: BTreeSet<&str> = of_kind("karpenter.sh", "NodePool")
            .filter(|node_pool| node_pool.value["metadata"]["deletionTimestamp"].is_null())
            .map(|node_pool| node_pool.name)
            .collect();
        let written = if unseen.contains_key(&Resource::NodePools) {
            written
        } else {
            written.externals()
        };
        node_pools(&in_force, &written, &live, &mut findings);
    }
    findings
}

fn finding(
    severity: Severity,
    object: String,
    field: &str,
    message: impl Into<String>,
    remedy: &str,
) -> Finding {
    Finding {
        severity,
        object,
        webhook: String::new(),
        field: field.to_owned(),
        message: message.into(),
        remedy: remedy.to_owned(),
    }
}

/// EKS writes `30+` for a minor version.
fn version(major: &str, minor: &str, findings: &mut Vec<Finding>) {
    let number = |text: &str| -> Option<u32> {
        let digits = text.find(|char: char| !char.is_ascii_digit());
        text[..digits.unwrap_or(text.len())].parse().ok()
    };
    let (severity, message) = match number(major).zip(number(minor)) {
        Some(version) if version >= OLDEST => return,
        Some(_) => (
            Severity::Error,
            "older than 1.30: it may drop matchConditions, and then asks berth about pods that must not wait for it",
        ),
        None => (Severity::Warning, "of a version that cannot be read"),
    };
    findings.push(finding(
        severity,
        format!("API server {major}.{minor}"),
        "",
        message,
        "Kubernetes 1.30 or newer",
    ));
}

fn passed_over(unseen: &Unseen, findings: &mut Vec<Finding>) {
    for (resource, absence) in unseen {
        let (severity, message, remedy) = match (resource, absence) {
            (_, Absence::Forbidden) => (
                Severity::Warning,
                "may not be listed with this kubeconfig: passed over",
                "run it as somebody who may list them",
            ),
            (Resource::Policies, Absence::NotServed) => (
                Severity::Warning,
                "not served: the cluster does not know PlacementPolicy, and the compiled-in policy is in force",
                "berth crd | kubectl apply --server-side -f -",
            ),
            (Resource::NodePools, Absence::NotServed) => (
                Severity::Note,
                "not served: only the node pools of the policy's own catalogue count",
                "nothing, where nodes are not Karpenter's; else install Karpenter",
            ),
            (_, Absence::NotServed) => (
                Severity::Warning,
                "not served: passed over",
                "ask an API server of Kubernetes",
            ),
        };
        findings.push(finding(severity, resource.to_string(), "", message, remedy));
    }
}

fn replicas(deployments: &[&Object<'_>], report: &Report, findings: &mut Vec<Finding>) {
    if deployments.is_empty() && report.webhooks > 0 {
        findings.push(finding(
            Severity::Warning,
            "Deployment".to_owned(),
            "",
            "none in berth's own namespace is labelled app.kubernetes.io/name=berth: nobody may be there to answer",
            "kubectl apply -k deploy, see deploy/README.md",
        ));
    }
    for deployment in deployments {
        let number = |pointer: &str| deployment.value.pointer(pointer).and_then(Value::as_i64);
        let wanted = number("/spec/replicas").unwrap_or(1);
        let ready = number("/status/readyReplicas").unwrap_or_default();
        if ready >= wanted && ready > 0 {
            continue;
        }
        let (severity, consequence) = match (ready, report.fails) {
            (0, true) => (
                Severity::Error,
                "nobody answers, and what a webhook with failurePolicy Fail is asked about is refused now",
            ),
            (0, false) => (Severity::Warning, "nobody answers, and no pod is placed"),
            _ => (Severity::Warning, "one that fails may be one too many"),
        };
        let namespace = deployment.namespace;
        findings.push(finding(
            severity,
            format!("Deployment {namespace}/{}", deployment.name),
            "status.readyReplicas",
            format!("{ready} of {wanted}: {consequence}"),
            &format!(
                "kubectl --namespace {namespace} describe pods, and kubectl --namespace {namespace} logs deployment/{}",
                deployment.name
            ),
        ));
    }
}

fn accepted(policy: &Value, findings: &mut Vec<Finding>) {
    let status: Option<Status> = serde_json::from_value(policy["status"].clone()).ok();
    let condition = status.as_ref().and_then(|status| status.conditions.first());
    let (message, remedy) = match condition {
        None => (
            "no berth has said yet what it makes of it".to_owned(),
            "see whether berth runs, and with --cluster",
        ),
        Some(condition) if condition.status != ConditionStatus::True => (
            format!(
                "not in force: {}; the policy before it is, or berth is not ready where there was none",
                condition.message
            ),
            "correct the field and apply it again",
        ),
        Some(condition)
            if condition.observed_generation < policy["metadata"]["generation"].as_i64() =>
        {
            (
                "changed, and no berth has said yet what it makes of the change".to_owned(),
                "look again in a minute; then see whether berth runs",
            )
        }
        Some(_) => return,
    };
    findings.push(finding(
        Severity::Warning,
        format!("{KIND} {}", definition::NAME),
        "status.conditions",
        message,
        remedy,
    ));
}

fn node_pools(
    policy: &Policy,
    written: &Catalogue,
    live: &BTreeSet<&str>,
    findings: &mut Vec<Finding>,
) {
    for (index, pool) in policy.pools().iter().enumerate() {
        let missing: Vec<&str> = pool
            .node_pools
            .iter()
            .map(|name| &**name)
            .filter(|name| !live.contains(name) && written.get(name).is_none())
            .collect();
        if missing.is_empty() {
            continue;
        }
        let consequence = if missing.len() == pool.node_pools.len() {
            "no pod is placed in the pool"
        } else {
            "no pod is sent there"
        };
        findings.push(finding(
            Severity::Warning,
            format!("{KIND} {}", definition::NAME),
            &format!("spec.pools[{index}].nodePools"),
            format!(
                "pool {} names node pools that the cluster has not, {}: {consequence}",
                pool.name,
                missing.join(", ")
            ),
            "apply them, see deploy/platforms, or name those that there are",
        ));
    }
}
