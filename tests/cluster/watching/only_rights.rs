//! The rights of berth's service account, as the API server lists them: those that ship, and no others.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::harness::account;
use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::{manifests, repository};

/// A right: a verb, an API group, a resource, and the one name that it is for; empty if it is for all.
type Right = [String; 4];

/// Whoever has berth's token can do what the shipped roles say, and nothing that other accounts cannot do.
pub(crate) async fn only_rights(cluster: &Cluster) -> anyhow::Result<()> {
    account::install(cluster).await?;
    let everywhere = rights_of(&manifests(&repository("deploy/berth"))?, "ClusterRole");
    let certificate = manifests(&repository("deploy/certificates/self-managed"))?;
    let everywhere = &everywhere | &rights_of(&certificate, "ClusterRole");
    let at_home = &everywhere | &rights_of(&certificate, "Role");
    ensure!(at_home.len() > everywhere.len(), "{at_home:?}");
    for (namespace, expected) in [("berth-system", &at_home), ("default", &everywhere)] {
        let of_any = listed(cluster, namespace, "anybody")?;
        let found = &listed(cluster, namespace, "berth")? - &of_any;
        ensure!(found == *expected, "{namespace}: {found:?}, {expected:?}");
    }
    Ok(())
}

/// Returns the rights that the roles of a kind give.
fn rights_of(objects: &[Value], kind: &str) -> BTreeSet<Right> {
    let chosen = objects.iter().filter(|role| text(role, "/kind") == kind);
    let rules = chosen.flat_map(|role| items(&role["rules"]));
    rules.flat_map(rights).collect()
}

/// Returns the rights that the API server lists for a service account of berth's namespace.
fn listed(cluster: &Cluster, namespace: &str, account: &str) -> anyhow::Result<BTreeSet<Right>> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    });
    let file = cluster.write("rules-review.json", &review.to_string())?;
    let user = format!("system:serviceaccount:berth-system:{account}");
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let groups = [
        "serviceaccounts",
        "serviceaccounts:berth-system",
        "authenticated",
    ];
    let groups = groups.map(|group| format!("--as-group=system:{group}"));
    let mut arguments = vec!["create", "--raw", path, "-f", &file, "--as", &user];
    arguments.extend(groups.iter().map(String::as_str));
    let printed = cluster.kubectl(&arguments)?;
    ensure!(printed.success, "{printed:?}");
    let status = &printed.json()?["status"];
    ensure!(status["incomplete"] == false, "{status}");
    Ok(items(&status["resourceRules"]).flat_map(rights).collect())
}

/// Returns the single rights of a rule.
fn rights(rule: &Value) -> Vec<Right> {
    let texts = |field: &str| -> Vec<String> {
        let texts = items(&rule[field]).filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let mut names = texts("resourceNames");
    if names.is_empty() {
        names.push(String::new());
    }
    let mut rights = Vec::new();
    for verb in texts("verbs") {
        for group in texts("apiGroups") {
            for resource in texts("resources") {
                for name in &names {
                    rights.push([verb.clone(), group.clone(), resource.clone(), name.clone()]);
                }
            }
        }
    }
    rights
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
