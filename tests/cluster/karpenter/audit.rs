//! `berth audit --cluster`: what it says before a namespace opts in is what comes true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::pools::deployment;
use crate::harness::api::{Persist, text};
use crate::harness::cluster::Cluster;
use crate::harness::node_pools::{self, bound};
use crate::harness::scene::{Injection, Scene, namespace};
use crate::harness::{account, documents, eventually, repository};

/// The workloads of the test, each with the node pool that it would be on.
const WORKLOADS: [(&str, &str); 3] = [
    ("explicit", "amd64-default"),
    ("ledger", "truemark-amd64"),
    ("web", "amd64-default"),
];

/// The `then` of an audit before the opt-in is the `now` of one after the restart, workload by workload.
pub(crate) async fn audit(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    node_pools::apply(&cluster.api).await?;
    // No node of an earlier test takes the pods.
    node_pools::cordon(&cluster.api).await?;
    namespace(cluster, "audited", Injection::Absent).await?;
    let truemark = json!({"placement.truemark.io/pool": "truemark"});
    let mut explicit = deployment("audited", "explicit", &json!({}));
    explicit["spec"]["template"]["spec"]["nodeSelector"] =
        json!({"karpenter.sh/nodepool": "amd64-default"});
    for object in [
        explicit,
        deployment("audited", "ledger", &truemark),
        deployment("audited", "web", &json!({})),
    ] {
        cluster.api.create(&object, Persist::Store).await?.ok()?;
    }
    for (name, _) in WORKLOADS {
        bound(&cluster.api, "audited", &format!("app={name}"), 2).await?;
    }
    let before = report(&cluster.kubeconfig(), &["--as-if-opted-in"])?;
    ensure!(text(&before, "/policy/source") == "embedded", "{before:#}");
    let (then, now) = (
        node_pools_of(&before, then_of),
        node_pools_of(&before, now_of),
    );
    let expected: BTreeMap<String, BTreeSet<String>> = WORKLOADS
        .iter()
        .map(|(name, node_pool)| ((*name).to_owned(), [(*node_pool).to_owned()].into()))
        .collect();
    ensure!(then == expected, "{then:?}");
    ensure!(now["ledger"] != then["ledger"], "{now:?}");
    changes(&before, ["stays", "moves", "stays"])?;
    let closed = report(&cluster.kubeconfig(), &[])?;
    changes(&closed, ["left-alone"; 3])?;

    opt_in(cluster).await?;
    // Until berth has placed them all anew, it says which it missed.
    eventually("all pods are where they should be", async || {
        let after = report(&cluster.kubeconfig(), &[])?;
        let is_done = WORKLOADS.iter().all(|(name, _)| {
            let found = workload(&after, name);
            found.is_ok_and(|one| one["pods"] == 2 && one["missed"] == 0)
        });
        let now = node_pools_of(&after, now_of);
        Ok((is_done && now == then).then_some(()))
    })
    .await?;
    let after = report(&cluster.kubeconfig(), &[])?;
    changes(&after, ["stays"; 3])?;
    rights(cluster).await
}

/// Opts the namespace in, and has its pods made anew.
async fn opt_in(cluster: &Cluster) -> anyhow::Result<()> {
    let label = "placement.truemark.io/injection=enabled";
    let printed = cluster.kubectl(&["label", "namespace", "audited", label])?;
    ensure!(printed.success, "{printed:?}");
    let missed = report(&cluster.kubeconfig(), &[])?;
    ensure!(missed["sums"]["missed"] == 6, "{:#}", missed["sums"]);
    let probe = crate::harness::scene::pod("audited", "probe");
    eventually(
        "the API server asks berth about the namespace",
        async || {
            let stored = cluster.api.create(&probe, Persist::DryRun).await?.ok()?;
            let selected = text(&stored, "/spec/nodeSelector/karpenter.sh~1nodepool");
            Ok((!selected.is_empty()).then_some(()))
        },
    )
    .await?;
    let restart = ["--namespace", "audited", "rollout", "restart", "deployment"];
    let printed = cluster.kubectl(&restart)?;
    ensure!(printed.success, "{printed:?}");
    Ok(())
}

/// The audit says and leaves out what it may not read, and the rights of the page are enough for all.
async fn rights(cluster: &Cluster) -> anyhow::Result<()> {
    let kubeconfig = account::kubeconfig(cluster).await?;
    // It may watch the policy, and not get it.
    let policy = repository("deploy/policy.yaml");
    let output = run(&kubeconfig, &["--policy", &policy.to_string_lossy()])?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(output.status.code() == Some(1), "{printed}");
    ensure!(
        printed.contains("may not list pods: they are left out"),
        "{printed}"
    );
    let page = std::fs::read_to_string(repository("docs/audit-report.md"))?;
    let (_, block) = page.split_once("```yaml\n").context("no rights")?;
    for role in documents(block.split("```").next().unwrap_or_default())? {
        cluster.api.apply(&role).await?;
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": role["metadata"],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": text(&role, "/metadata/name"),
            },
            "subjects": [{"kind": "ServiceAccount", "namespace": "berth-system", "name": "berth"}],
        });
        cluster.api.apply(&binding).await?;
    }
    // The API server learns of new rights by watching them.
    eventually("the rights of the page are enough", async || {
        let output = run(&kubeconfig, &["--namespace", "audited"])?;
        Ok(output.status.success().then_some(()))
    })
    .await?;
    let all = report(&kubeconfig, &[])?;
    ensure!(all["remarks"] == json!([]), "{:#}", all["remarks"]);
    let printed = cluster.kubectl(&["delete", "clusterrole,clusterrolebinding", "berth-audit"])?;
    ensure!(printed.success, "{printed:?}");
    Ok(())
}

fn changes(report: &Value, expected: [&str; 3]) -> anyhow::Result<()> {
    for ((name, _), expected) in WORKLOADS.iter().zip(expected) {
        let found = workload(report, name)?;
        ensure!(text(found, "/change") == expected, "{found:#}");
    }
    Ok(())
}

fn workload<'r>(report: &'r Value, name: &str) -> anyhow::Result<&'r Value> {
    let mut workloads = report["workloads"].as_array().into_iter().flatten();
    let found = workloads.find(|one| {
        one["namespace"] == "audited" && one["kind"] == "Deployment" && one["name"] == name
    });
    found.with_context(|| format!("no Deployment {name} in {report:#}"))
}

/// Returns the node pools of the workloads, now or then.
fn node_pools_of(
    report: &Value,
    of: fn(&Value) -> BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let found = WORKLOADS.iter().filter_map(|(name, _)| {
        let workload = workload(report, name).ok()?;
        Some(((*name).to_owned(), of(workload)))
    });
    found.collect()
}

fn now_of(workload: &Value) -> BTreeSet<String> {
    let shares = workload["now"].as_array().into_iter().flatten();
    shares
        .map(|share| text(share, "/nodePool").to_owned())
        .collect()
}

fn then_of(workload: &Value) -> BTreeSet<String> {
    let names = workload["then"]["nodePools"].as_array();
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

/// Returns the report, which has no findings.
fn report(kubeconfig: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let output = run(kubeconfig, &[arguments, &["--output=json"]].concat())?;
    ensure!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).with_context(|| format!("{output:?}"))
}

fn run(kubeconfig: &Path, arguments: &[&str]) -> anyhow::Result<std::process::Output> {
    Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(["audit", "--cluster", "--fail-on=never", "--kubeconfig"])
        .arg(kubeconfig)
        .args(arguments)
        .output()
        .context("berth")
}
