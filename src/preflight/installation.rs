//! The installation in a cluster: everything that berth needs besides its registration.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::chain::Chain;
use super::counting::unseen_pods;
use super::fault::{Assessment, Fault, Severity};
use super::object::Object;
use super::policies;
use crate::definition::{self, ConditionStatus, Status};
use crate::named::named;
use crate::names::KIND;
use crate::policy::{embedded_policy, missing, read_policy_spec};

/// The oldest Kubernetes that berth supports: since then, every API server has match conditions (R5.12).
const OLDEST: (u32, u32) = (1, 30);

named! {
    /// A collection of objects that is read from a cluster.
    pub enum Collection {
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
        /// Roles, if the policy splits a pool.
        ClusterRoles = "clusterroles",
        /// Their bindings.
        ClusterRoleBindings = "clusterrolebindings",
    }
}

named! {
    /// The reason why a collection is not known.
    pub enum Absence {
        /// The API server does not serve it.
        NotServed = "not-served",
        /// It may not be listed.
        Forbidden = "forbidden",
    }
}

/// The collections that could not be read.
pub type Unseen = BTreeMap<Collection, Absence>;

/// Checks an installation. `registration` is the assessment of its webhook configurations.
#[must_use]
pub fn check_installation(
    objects: &[Object<'_>],
    (major, minor): (&str, &str),
    unseen: &Unseen,
    registration: &Assessment,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(version(major, minor));
    faults.extend(unseen.iter().map(passed_over));
    let chains = [Collection::MutatingWebhooks, Collection::ValidatingWebhooks];
    if registration.webhooks == 0 && !chains.iter().any(|chain| unseen.contains_key(chain)) {
        faults.push(fault(
            Severity::Warning,
            Chain::Mutating.kind().to_owned(),
            "",
            "none is berth's: the API server asks berth about nothing",
            "kubectl apply -k deploy, see deploy/README.md",
        ));
    }
    let deployments: Vec<&Object<'_>> = of_kind(objects, "apps", "Deployment").collect();
    if !unseen.contains_key(&Collection::Deployments) {
        replicas(&deployments, registration, &mut faults);
    }
    let mut policies = of_kind(objects, definition::GROUP, KIND);
    let policy = policies.find(|policy| policy.name == definition::NAME);
    faults.extend(policy.and_then(|policy| accepted(policy.value)));
    let in_a_file = deployments
        .iter()
        .any(|deployment| deployment.has_flag("--policy"));
    let unknown = [Collection::Policies, Collection::NodePools]
        .iter()
        .any(|collection| unseen.get(collection) == Some(&Absence::Forbidden));
    if !in_a_file && !unknown {
        missing_node_pools(objects, policy, unseen, &mut faults);
    }
    let rights = [Collection::ClusterRoles, Collection::ClusterRoleBindings];
    if let Some(policy) = policy.filter(|_| !in_a_file)
        && let Ok((read, _)) = read_policy_spec(&policy.value["spec"])
        && !rights.iter().any(|right| unseen.contains_key(right))
    {
        let unseen_pods = unseen_pods(objects, &read);
        faults.extend(
            unseen_pods.map(|error| policies::fault(policy.name, Severity::Warning, &error)),
        );
    }
    faults
}

fn of_kind<'o, 'v>(
    objects: &'o [Object<'v>],
    group: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = &'o Object<'v>> {
    objects
        .iter()
        .filter(move |object| object.is_of(group, kind))
}

fn fault(
    severity: Severity,
    object: String,
    field: &str,
    message: impl Into<String>,
    remedy: &str,
) -> Fault {
    Fault {
        severity,
        object,
        webhook: String::new(),
        field: field.to_owned(),
        message: message.into(),
        remedy: remedy.to_owned(),
    }
}

/// Checks the version of the API server. EKS writes `30+` for a minor version.
fn version(major: &str, minor: &str) -> Option<Fault> {
    let number = |text: &str| -> Option<u32> {
        let digits = text.find(|char: char| !char.is_ascii_digit());
        text[..digits.unwrap_or(text.len())].parse().ok()
    };
    let (severity, message) = match number(major).zip(number(minor)) {
        Some(version) if version >= OLDEST => return None,
        Some(_) => (
            Severity::Error,
            "older than 1.30: it may drop matchConditions, and then asks berth about pods that must not wait for it",
        ),
        None => (Severity::Warning, "of a version that cannot be read"),
    };
    Some(fault(
        severity,
        format!("API server {major}.{minor}"),
        "",
        message,
        "Kubernetes 1.30 or newer",
    ))
}

fn passed_over((collection, absence): (&Collection, &Absence)) -> Fault {
    let (severity, message, remedy) = match (collection, absence) {
        (_, Absence::Forbidden) => (
            Severity::Warning,
            "may not be listed with this kubeconfig: passed over",
            "run it as somebody who may list them",
        ),
        (Collection::Policies, Absence::NotServed) => (
            Severity::Warning,
            "not served: the cluster does not know PlacementPolicy, and the compiled-in policy is in force",
            "berth crd | kubectl apply --server-side -f -",
        ),
        (Collection::NodePools, Absence::NotServed) => (
            Severity::Note,
            "not served: only the node pools of the policy's own catalogue count",
            "install Karpenter, unless something else provides the nodes",
        ),
        (_, Absence::NotServed) => (
            Severity::Warning,
            "not served: passed over",
            "ask an API server of Kubernetes",
        ),
    };
    fault(severity, collection.to_string(), "", message, remedy)
}

fn replicas(deployments: &[&Object<'_>], registration: &Assessment, faults: &mut Vec<Fault>) {
    if deployments.is_empty() && registration.webhooks > 0 {
        faults.push(fault(
            Severity::Warning,
            "Deployment".to_owned(),
            "",
            "none in berth's own namespace is labelled app.kubernetes.io/name=berth: there may be nobody to answer",
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
        let (severity, consequence) = match (ready, registration.fails_closed) {
            (0, true) => (
                Severity::Error,
                "nobody answers, and the API server refuses everything that it would ask a webhook with failurePolicy Fail about",
            ),
            (0, false) => (Severity::Warning, "nobody answers, and no pod is placed"),
            _ => (Severity::Warning, "the failure of one more may leave none"),
        };
        let namespace = deployment.namespace;
        faults.push(fault(
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

/// Checks the status of the policy.
fn accepted(policy: &Value) -> Option<Fault> {
    let status: Option<Status> = serde_json::from_value(policy["status"].clone()).ok();
    let condition = status.as_ref().and_then(|status| status.conditions.first());
    let (message, remedy) = match condition {
        None => (
            "no berth has judged it yet".to_owned(),
            "see whether berth runs, and with --cluster",
        ),
        Some(condition) if condition.status != ConditionStatus::True => (
            format!(
                "not in force: {}; the policy before it still is, or berth is not ready if there was none",
                condition.message
            ),
            "correct the field and apply it again",
        ),
        Some(condition)
            if condition.observed_generation < policy["metadata"]["generation"].as_i64() =>
        {
            (
                "changed, and no berth has judged the change yet".to_owned(),
                "look again in a minute; then see whether berth runs",
            )
        }
        Some(_) => return None,
    };
    Some(fault(
        Severity::Warning,
        format!("{KIND} {}", definition::NAME),
        "status.conditions",
        message,
        remedy,
    ))
}

/// Checks that the node pools of every pool exist: in the cluster, or in the policy's own catalogue.
fn missing_node_pools(
    objects: &[Object<'_>],
    policy: Option<&Object<'_>>,
    unseen: &Unseen,
    faults: &mut Vec<Fault>,
) {
    let in_force = policy.map_or_else(
        || embedded_policy().ok(),
        |policy| read_policy_spec(&policy.value["spec"]).ok(),
    );
    // A policy that cannot be read is not accepted, which is a fault of its own.
    let Some((policy, written)) = in_force else {
        return;
    };
    let live: BTreeSet<&str> = of_kind(objects, "karpenter.sh", "NodePool")
        .filter(|node_pool| node_pool.value["metadata"]["deletionTimestamp"].is_null())
        .map(|node_pool| node_pool.name)
        .collect();
    let written = if unseen.contains_key(&Collection::NodePools) {
        written
    } else {
        written.externals()
    };
    let is_there = |name: &str| live.contains(name) || written.get(name).is_some();
    for (index, pool, missing) in missing(&policy, is_there) {
        let consequence = if missing.len() == pool.all_node_pools().count() {
            "no pod is placed in the pool"
        } else {
            "no pod is sent there"
        };
        faults.push(fault(
            Severity::Warning,
            format!("{KIND} {}", definition::NAME),
            &format!("spec.pools[{index}].nodePools"),
            format!(
                "pool {} names node pools that the cluster does not have, {}: {consequence}",
                pool.name,
                missing.join(", ")
            ),
            "apply them, see deploy/platforms, or name existing ones",
        ));
    }
}
