//! Every check, as the author of a manifest sees it.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use berth::validation::Check;
use serde_json::{Value, json};

use super::stage::{Stage, default_policy, namespace};
use crate::harness::api::{Persist, Reply};
use crate::harness::cluster::Cluster;
use crate::harness::eventually;
use crate::harness::registration::{register, shipped};
use crate::harness::scene::pod;

const NAMESPACE: &str = "checks";

/// An object, the check that finds fault with it, and the field or value that it names.
struct Case {
    object: Value,
    check: Check,
    names: &'static str,
}

/// A pool of the policy of which the cluster has no node pool.
const POOL_WITHOUT_NODE_POOLS: &str = "lost";

/// Returns a pod with these fields in its spec.
fn with(spec: &Value) -> Value {
    let mut pod = pod(NAMESPACE, "case");
    for (key, value) in spec.as_object().into_iter().flatten() {
        pod["spec"][key] = value.clone();
    }
    pod
}

/// Returns a Deployment or `StatefulSet` whose template has these fields in its spec.
fn workload(kind: &str, spec: &Value) -> Value {
    let labels = json!({"app": "case"});
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "case", "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": with(spec)["spec"]},
        },
    })
}

fn cases() -> Vec<Case> {
    let case = |check, names, object| Case {
        object,
        check,
        names,
    };
    let mut misspelt = with(&json!({}));
    misspelt["metadata"]["labels"] = json!({"placement.truemark.io/pool": "truemrk"});
    let mut foreign = with(&json!({}));
    foreign["metadata"]["labels"] = json!({"placement.truemark.io/arch": "aarch64"});
    let mut lost = with(&json!({}));
    lost["metadata"]["labels"] = json!({"placement.truemark.io/pool": POOL_WITHOUT_NODE_POOLS});
    let mut unread = with(&json!({}));
    unread["metadata"]["labels"] = json!({"placement.truemark.io/pools": "truemark"});
    let mut closed = with(&json!({}));
    closed["metadata"]["labels"] = json!({"placement.truemark.io/pool": "truemark"});
    let mut labelled = workload("Deployment", &json!({}));
    labelled["metadata"]["labels"] = json!({"placement.truemark.io/pool": "batch"});
    let mut stateful = workload("StatefulSet", &json!({}));
    stateful["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }]);
    let both = json!({"kubernetes.io/arch": "amd64", "beta.kubernetes.io/arch": "arm64"});
    let batch =
        json!([{"key": "karpenter.sh/nodepool", "value": "amd64-batch", "effect": "NoSchedule"}]);
    vec![
        case(Check::UnknownPool, "\"truemrk\"", misspelt),
        case(
            Check::UnknownArchitecture,
            "did you mean \"arm64\"?",
            foreign,
        ),
        case(
            Check::NotEntitled,
            "metadata.labels[placement.truemark.io/pool]",
            closed,
        ),
        case(
            Check::Contradiction,
            "spec.template.spec.nodeSelector",
            workload("Deployment", &json!({"nodeSelector": both})),
        ),
        case(
            Check::Unschedulable,
            "did you mean \"amd64-batch\"?",
            with(&json!({"nodeSelector": {"karpenter.sh/nodepool": "amd64-bach"}})),
        ),
        case(Check::PoolUnavailable, "no node pool of pool", lost),
        case(Check::UnknownLabel, "placement.truemark.io/pools", unread),
        case(
            Check::RestrictedPreference,
            "karpenter.sh/nodepool-hash",
            with(&json!({"affinity": {"nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": {
                    "matchExpressions": [
                        {"key": "karpenter.sh/nodepool-hash", "operator": "DoesNotExist"},
                    ],
                }}],
            }}})),
        ),
        case(
            Check::SplitDomains,
            "leaves only spot",
            workload(
                "Deployment",
                &json!({"topologySpreadConstraints": [{
                    "maxSkew": 1,
                    "topologyKey": "karpenter.sh/capacity-type",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app": "case"}},
                }]}),
            ),
        ),
        case(
            Check::SelfPlaced,
            "spec.template.spec.tolerations[0]",
            workload("Deployment", &json!({"tolerations": batch})),
        ),
        case(
            Check::WildcardToleration,
            "spec.tolerations[0]",
            with(&json!({"tolerations": [{"operator": "Exists"}]})),
        ),
        case(
            Check::LabelOnWorkload,
            "metadata.labels[placement.truemark.io/pool]",
            labelled,
        ),
        case(Check::StatefulOnSpot, "spec.volumeClaimTemplates", stateful),
        case(
            Check::BoundByAuthor,
            "spec.nodeName",
            with(&json!({"nodeName": "node-1"})),
        ),
        case(Check::NotPlaced, "rule everything-else", with(&json!({}))),
    ]
}

/// Returns the field of the policy that sets the action of a check.
fn field(check: Check) -> String {
    let mut words = check.as_str().split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |field, word| {
        field + &word[..1].to_ascii_uppercase() + &word[1..]
    })
}

/// Each check denies, warns or is off, as the policy says. The mutating side is not asked, so that the last check too
/// finds something.
pub(crate) async fn checks(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    namespace(cluster, NAMESPACE, json!({})).await?;
    let mut configurations = shipped(&stage.setup.url(), &stage.authority.pem())?;
    configurations.retain(|object| object["kind"] == "ValidatingWebhookConfiguration");
    cluster
        .api
        .delete("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations")
        .await?;
    register(&cluster.api, &configurations).await?;
    let cases = cases();
    let covered: BTreeSet<Check> = cases.iter().map(|case| case.check).collect();
    ensure!(
        covered.len() == Check::ALL.len(),
        "of some check there is no case"
    );
    for action in ["Deny", "Warn", "Off"] {
        let mut policy = default_policy()?;
        let pool = json!({"name": POOL_WITHOUT_NODE_POOLS, "nodePools": ["lost"]});
        policy["spec"]["pools"]
            .as_array_mut()
            .context("its pools")?
            .push(pool);
        for pool in policy["spec"]["pools"].as_array_mut().into_iter().flatten() {
            if pool["name"] == "truemark" {
                pool["namespaces"] = json!({"matchLabels": {"team": "another"}});
            }
        }
        for check in Check::ALL {
            policy["spec"]["validation"][field(*check)] = json!(action);
        }
        cluster.api.apply(&policy).await?;
        for case in &cases {
            // The first answer may still be that of the policy before.
            let mut last = None;
            let outcome = eventually(&format!("{} is {action}", case.check), async || {
                let reply = cluster.api.create(&case.object, Persist::DryRun).await?;
                let is_so = case.is_answered(&reply, action);
                last = Some(reply);
                Ok(is_so.then_some(()))
            })
            .await;
            outcome.with_context(|| format!("{}: {last:?}", case.object))?;
        }
    }
    Ok(())
}

impl Case {
    fn is_answered(&self, reply: &Reply, action: &str) -> bool {
        let warning = format!("berth: {}:", self.check);
        // Other checks may find something in the same pod.
        let denial = format!("{}: ", self.check);
        match action {
            "Deny" => {
                let message = reply.message();
                let own = message.split_once(&denial).map(|(_, text)| text);
                reply.status.as_u16() == 403 && own.is_some_and(|text| text.contains(self.names))
            }
            "Warn" => {
                let all = reply.warnings.iter();
                let own = all.filter(|text| text.starts_with(&warning));
                reply.status.is_success() && own.count() > 0
            }
            _ => {
                // The API server adds warnings of its own, and berth that of a conflict, which is no check.
                let mut all = reply.warnings.iter();
                let of_check = |text: &String| {
                    text.starts_with("berth: ") && !text.starts_with("berth: conflict: ")
                };
                reply.status.is_success() && !all.any(of_check)
            }
        }
    }
}

/// An UPDATE is judged by its additions.
pub(crate) async fn updates(cluster: &Cluster) -> anyhow::Result<()> {
    let _stage = Stage::new(cluster).await?;
    namespace(cluster, "updates", json!({})).await?;
    let path = "/apis/apps/v1/namespaces/updates/deployments/case";
    let mut deployment = workload("Deployment", &json!({}));
    deployment["metadata"]["namespace"] = json!("updates");
    cluster
        .api
        .create(&deployment, Persist::Store)
        .await?
        .ok()?;
    let contradict = json!({"spec": {"template": {"spec": {"nodeSelector": {
        "kubernetes.io/arch": "amd64", "beta.kubernetes.io/arch": "arm64",
    }}}}});
    let error = cluster.api.merge(path, &contradict).await.err();
    let error = error.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(
        error.contains("contradiction: spec.template.spec"),
        "admitted: {error}"
    );

    // A fault that is older than berth is not held against an UPDATE.
    crate::harness::registration::unregister(&cluster.api).await?;
    cluster.api.merge(path, &contradict).await?;
    let stage = Stage::new(cluster).await?;
    cluster
        .api
        .merge(path, &json!({"spec": {"replicas": 3}}))
        .await?;
    cluster
        .api
        .merge(path, &json!({"metadata": {"labels": {"team": "red"}}}))
        .await?;
    drop(stage);
    Ok(())
}
