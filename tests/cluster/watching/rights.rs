//! The rights of the shipped role: berth needs every one of them, and no other.

use anyhow::ensure;
use serde_json::{Value, json};

use super::stage::{POLICIES, Stage, default_policy, define, job_pod, setup};
use crate::harness::account::shipped_role;
use crate::harness::api::{path, text};
use crate::harness::cluster::{Cluster, condition};
use crate::harness::eventually;
use crate::harness::pki::Authority;

/// Without any right berth starts, says what it lacks, and relies on its defaults.
pub(crate) async fn without_rights(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let authority = Authority::new("berth")?;
    let setup = setup(cluster, &authority).await?;
    let mut role = shipped_role()?;
    role["rules"] = json!([]);
    cluster.api.apply(&role).await?;
    let berth = setup.start().await?;
    let log = berth.log()?;
    for resource in ["node_pools", "namespaces", "policies"] {
        let said = format!("\"{resource}\":\"forbidden\"");
        ensure!(log.contains(&said), "{said} is not in {log}");
    }
    // berth does not take hidden objects for missing ones: the default node pools count, and the namespace is entitled.
    let reply = berth.mutate(&job_pod("default")).await?.ok()?;
    ensure!(
        text(&reply, "/response/patchType") == "JSONPatch",
        "{reply}"
    );
    let unknown = berth.metric("berth_namespaces_unknown_total").await?;
    ensure!(unknown == Some(1.0), "{unknown:?}");

    // It sees them once it may.
    cluster.api.apply(&shipped_role()?).await?;
    eventually("berth lists the namespaces", async || {
        let known = berth
            .metric("berth_watched_objects{resource=\"namespaces\"}")
            .await?;
        Ok(known.filter(|known| *known > 0.0))
    })
    .await?;
    Ok(())
}

/// Nothing fails with every right of the role, and something fails without any single one.
pub(crate) async fn rights(cluster: &Cluster) -> anyhow::Result<()> {
    {
        let stage = Stage::new(cluster).await?;
        cluster.api.apply(&default_policy()?).await?;
        eventually("the status of the policy", async || {
            let policy = cluster.api.get(&format!("{POLICIES}/default")).await?;
            Ok(policy.filter(|policy| condition(policy, "Accepted")))
        })
        .await?;
        ensure!(
            failures(&stage.berth.metrics().await?) == 0.0,
            "{}",
            stage.berth.log()?
        );
    }
    let shipped = shipped_role()?;
    let rules = shipped["rules"].as_array().cloned().unwrap_or_default();
    ensure!(!rules.is_empty(), "{shipped}");
    for (index, rule) in rules.iter().enumerate() {
        let verbs = rule["verbs"].as_array().cloned().unwrap_or_default();
        for (position, verb) in verbs.iter().enumerate() {
            let mut role = shipped.clone();
            if let Some(verbs) = role["rules"][index]["verbs"].as_array_mut() {
                verbs.remove(position);
            }
            if verbs.len() == 1 {
                // A rule needs a verb.
                role["rules"]
                    .as_array_mut()
                    .map(|rules| rules.remove(index));
            }
            without(cluster, &role, &format!("{verb} of {rule}")).await?;
        }
    }
    cluster.api.apply(&shipped).await?;
    Ok(())
}

/// Waits until a berth with that role alone complains.
async fn without(cluster: &Cluster, role: &Value, what: &str) -> anyhow::Result<()> {
    let authority = Authority::new("berth")?;
    let setup = setup(cluster, &authority).await?;
    cluster.api.apply(role).await?;
    // The status is not the one that berth would write.
    let policy = format!("{POLICIES}/default/status");
    cluster
        .api
        .merge(&policy, &json!({"status": {"observedGeneration": 0}}))
        .await?;
    settled(cluster, role).await?;
    let berth = setup.start().await?;
    eventually(&format!("berth misses {what}"), async || {
        Ok((failures(&berth.metrics().await?) > 0.0).then_some(()))
    })
    .await
}

/// Waits until the API server applies the role as it is stored.
async fn settled(cluster: &Cluster, role: &Value) -> anyhow::Result<()> {
    let path = path(role);
    let user = "system:serviceaccount:berth-system:berth";
    let allowed = async |attributes: Value| -> anyhow::Result<bool> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": attributes},
        });
        let reply = cluster.api.post(
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            &review,
        );
        Ok(reply.await?.ok()?["status"]["allowed"] == true)
    };
    let wanted = |rules: &Value, wanted: &Value| {
        let has = |rule: &Value, field: &str, value: &str| {
            rule[field]
                .as_array()
                .into_iter()
                .flatten()
                .any(|item| item == value)
        };
        rules.as_array().into_iter().flatten().any(|rule| {
            has(rule, "verbs", text(wanted, "/verb"))
                && has(rule, "apiGroups", text(wanted, "/group"))
                && has(rule, "resources", text(wanted, "/resource"))
        })
    };
    let shipped = shipped_role()?;
    for rule in shipped["rules"].as_array().into_iter().flatten() {
        for verb in rule["verbs"].as_array().into_iter().flatten() {
            let resource = text(rule, "/resources/0");
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let mut attributes = json!({
                "verb": verb,
                "group": rule["apiGroups"][0],
                "resource": rule["resources"][0],
            });
            let expected = wanted(&role["rules"], &attributes);
            attributes["resource"] = json!(resource);
            attributes["subresource"] = json!(subresource);
            if rule["resourceNames"].is_array() {
                attributes["name"] = rule["resourceNames"][0].clone();
            }
            eventually(&format!("{path} is in force"), async || {
                Ok((allowed(attributes.clone()).await? == expected).then_some(()))
            })
            .await?;
        }
    }
    Ok(())
}

/// Returns how often berth could not list, watch or write.
fn failures(metrics: &str) -> f64 {
    let counters = [
        "berth_watch_errors_total",
        "berth_policy_status_errors_total",
    ];
    let lines = metrics
        .lines()
        .filter(|line| counters.iter().any(|name| line.starts_with(name)));
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    values.sum()
}
