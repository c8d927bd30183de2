//! The right to list and watch pods, without which berth cannot count the pods of a split pool.

use std::collections::BTreeSet;

use serde_json::Value;

use super::object::Object;
use crate::definition;
use crate::encoding::field::FieldError;
use crate::names::KIND;
use crate::policy::Policy;

/// The API group of roles.
const RBAC: &str = "rbac.authorization.k8s.io";
/// The verbs that counting takes.
const VERBS: [&str; 2] = ["list", "watch"];

/// True if a policy among the objects splits a pool, so that it matters if berth may see pods.
#[must_use]
pub fn splits_pools(objects: &[Object<'_>]) -> bool {
    let mut policies = objects
        .iter()
        .filter(|object| object.is_of(definition::GROUP, KIND));
    policies.any(|policy| {
        let mut pools = list(policy.value, "/spec/pools");
        pools.any(|pool| !pool["onDemand"].is_null())
    })
}

/// Returns an error for the first pool that is split while berth may not see pods, as far as the objects tell.
pub(super) fn unseen_pods(objects: &[Object<'_>], policy: &Policy) -> Option<FieldError> {
    let mut pools = policy.pools().iter().enumerate();
    let (index, pool) = pools.find(|(_, pool)| pool.on_demand.is_some())?;
    let account = accounts(objects)
        .into_iter()
        .find(|account| account.sees_pods(objects) == Some(false))?;
    let message = format!(
        "pool {:?} is split, and ServiceAccount {}/{} may not list and watch pods: berth draws lots by the percentage, \
         and cannot keep the base; kubectl apply -k deploy/count-pods, or countPods: true in the chart's values",
        &*pool.name, account.namespace, account.name
    );
    let error = FieldError::new(message).in_field("onDemand").in_item(index);
    Some(error.in_field("pools").in_field("spec"))
}

/// A service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Account<'v> {
    namespace: &'v str,
    name: &'v str,
}

/// Returns the service accounts of berth's Deployments that follow a cluster.
fn accounts<'v>(objects: &[Object<'v>]) -> BTreeSet<Account<'v>> {
    let deployments = objects.iter().filter(|object| {
        let mut labels = object.texts("/metadata/labels");
        object.is_of("apps", "Deployment")
            && labels.any(|label| label == ("app.kubernetes.io/name", "berth"))
            && object.has_flag("--cluster")
    });
    let accounts = deployments.map(|deployment| Account {
        namespace: deployment.namespace,
        name: text(
            deployment.value,
            "/spec/template/spec/serviceAccountName",
            "default",
        ),
    });
    accounts.collect()
}

impl Account<'_> {
    /// Returns if the account may list and watch the pods of all namespaces. `None` if the objects do not tell: they bind it to
    /// nothing, or to a role that is not among them.
    fn sees_pods(self, objects: &[Object<'_>]) -> Option<bool> {
        let bindings = objects.iter().filter(|object| {
            object.is_of(RBAC, "ClusterRoleBinding")
                && list(object.value, "/subjects").any(|subject| self.is(subject))
        });
        let (mut verbs, mut is_bound) = (BTreeSet::new(), false);
        for binding in bindings {
            is_bound = true;
            let name = text(binding.value, "/roleRef/name", "");
            let role = objects
                .iter()
                .find(|object| object.is_of(RBAC, "ClusterRole") && object.name == name)?;
            verbs.extend(list(role.value, "/rules").flat_map(verbs_on_pods));
        }
        let may = |verb: &str| verbs.contains(verb) || verbs.contains("*");
        is_bound.then(|| VERBS.iter().all(|verb| may(verb)))
    }

    /// True if a subject of a binding is the account, or a group that it is in.
    fn is(self, subject: &Value) -> bool {
        let name = text(subject, "/name", "");
        match text(subject, "/kind", "") {
            "ServiceAccount" => {
                (text(subject, "/namespace", ""), name) == (self.namespace, self.name)
            }
            "Group" => {
                let of_all = ["system:serviceaccounts", "system:authenticated"];
                of_all.contains(&name)
                    || name.strip_prefix("system:serviceaccounts:") == Some(self.namespace)
            }
            "User" => {
                let parts = name.strip_prefix("system:serviceaccount:");
                parts.and_then(|parts| parts.split_once(':')) == Some((self.namespace, self.name))
            }
            _ => false,
        }
    }
}

/// Returns the verbs that a rule allows on all pods.
fn verbs_on_pods(rule: &Value) -> impl Iterator<Item = &str> {
    let has = |field: &str, name: &str| {
        let mut names = list(rule, field).filter_map(Value::as_str);
        names.any(|known| known == name || known == "*")
    };
    let is_of_pods = has("/apiGroups", "")
        && has("/resources", "pods")
        && list(rule, "/resourceNames").next().is_none();
    let verbs = list(rule, "/verbs").filter(move |_| is_of_pods);
    verbs.filter_map(Value::as_str)
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    let items = value.pointer(pointer).and_then(Value::as_array);
    items.into_iter().flatten()
}

fn text<'v>(value: &'v Value, pointer: &str, default: &'v str) -> &'v str {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or(default)
}
