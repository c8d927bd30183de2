//! The page on trying berth: its commands on a cluster, and their output.

use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::stage::{Stage, default_policy, job_pod, namespace, selected};
use crate::harness::api::{Persist, text};
use crate::harness::cluster::{Cluster, condition};
use crate::harness::scene::pod;
use crate::harness::{eventually, repository};

pub(crate) async fn audit(cluster: &Cluster) -> anyhow::Result<()> {
    let stage = Stage::new(cluster).await?;
    let page = std::fs::read_to_string(repository("docs/audit.md"))?;
    namespace(cluster, "audit", json!({})).await?;

    // The page changes one line of the default policy, and creates it.
    let changing = "sed 's/^  mode: Enforce/  mode: Audit/' deploy/policy.yaml";
    ensure!(page.contains(&format!("{changing} | kubectl create --save-config -f -")));
    let shipped = std::fs::read_to_string(repository("deploy/policy.yaml"))?;
    let changed = shipped.replace("\n  mode: Enforce\n", "\n  mode: Audit\n");
    ensure!(changed != shipped, "there is no such line");
    let file = cluster.write("policy.yaml", &changed)?;
    let printed = cluster.kubectl(&["create", "--save-config", "-f", &file])?;
    ensure!(printed.success, "{printed:?}");
    eventually("the policy is accepted", async || {
        let path = "/apis/placement.truemark.io/v1alpha1/placementpolicies/default";
        let policy = cluster.api.get(path).await?.unwrap_or_default();
        Ok(condition(&policy, "Accepted").then_some(()))
    })
    .await?;
    let printed = cluster.kubectl(&["get", "placementpolicy", "default"])?;
    let words: Vec<&str> = printed.stdout.split_whitespace().collect();
    ensure!(
        words.starts_with(&["NAME", "MODE", "ACCEPTED", "MISSING", "NOT", "READY", "AGE"]),
        "{printed:?}"
    );
    ensure!(words[7..10] == ["default", "Audit", "True"], "{printed:?}");

    // berth changes and refuses nothing, and counts both.
    let stored = stage.mutated(&job_pod("audit")).await?;
    ensure!(selected(&stored).is_empty(), "{stored}");
    let mut misspelt = job_pod("audit");
    misspelt["metadata"]["labels"] = json!({"placement.truemark.io/pool": "bach"});
    misspelt["metadata"]["ownerReferences"] = json!([]);
    let reply = cluster.api.create(&misspelt, Persist::DryRun).await?;
    ensure!(
        reply.status.is_success() && reply.warnings.is_empty(),
        "{reply:?}"
    );
    let metrics = stage.berth.metrics().await?;
    for series in [
        "berth_decisions_total{endpoint=\"mutate\",kind=\"Pod\",reason=\"placed\",mode=\"Audit\",rule=\"jobs\",pool=\"batch\"} 1",
        "berth_findings_total{check=\"unknown-pool\",action=\"Deny\"} 1",
        "berth_policy_in_force{source=\"cluster\",mode=\"Audit\"} 1",
    ] {
        ensure!(metrics.contains(series), "{series} is not in {metrics}");
    }

    let labels = json!({"app": "web"});
    let web = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "audit"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod("audit", "web")["spec"]},
        },
    });
    cluster.api.create(&web, Persist::Store).await?.ok()?;
    explained(cluster, &page)?;

    // The page makes the switch.
    let line = page
        .lines()
        .find(|line| line.starts_with("kubectl patch placementpolicy"));
    let line = line.context("no kubectl patch")?;
    let words = line
        .strip_prefix("kubectl ")
        .and_then(|line| line.split_once(" --patch '"));
    let (words, patch) = words.context("another form of it")?;
    let mut arguments: Vec<&str> = words.split(' ').collect();
    arguments.extend(["--patch", patch.trim_end_matches('\'')]);
    let printed = cluster.kubectl(&arguments)?;
    ensure!(printed.success, "{printed:?}");
    stage
        .until("it is in force", &job_pod("audit"), |pod| {
            selected(pod) == "amd64-batch"
        })
        .await?;
    let policy = default_policy()?;
    ensure!(text(&policy, "/spec/mode") == "Enforce");
    Ok(())
}

/// `berth explain` reads the output of `kubectl get` for the policy, the node pools and the workloads as it is.
fn explained(cluster: &Cluster, page: &str) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for (arguments, name) in [
        (
            "get placementpolicy default -o yaml",
            "exported-policy.yaml",
        ),
        ("get nodepools -o yaml", "exported-node-pools.yaml"),
        (
            "get namespaces,deployments,statefulsets,cronjobs --all-namespaces -o yaml",
            "exported-workloads.yaml",
        ),
    ] {
        ensure!(
            page.contains(&format!("kubectl {arguments}")),
            "{arguments}"
        );
        let words: Vec<&str> = arguments.split(' ').collect();
        let printed = cluster.kubectl(&words)?;
        ensure!(printed.success, "{printed:?}");
        files.push(cluster.write(name, &printed.stdout)?);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(["explain", "--policy", &files[0], "--node-pools", &files[1]])
        .args(["-f", &files[2], "-o", "json"])
        .stdin(Stdio::null())
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(text(&report, "/policyMode") == "Audit", "{report}");
    let workloads = report["workloads"].as_array().cloned().unwrap_or_default();
    let web = workloads
        .iter()
        .find(|workload| text(workload, "/name") == "web");
    let web = web.with_context(|| report.to_string())?;
    ensure!(
        text(web, "/pool") == "default" && text(web, "/reason") == "placed",
        "{web}"
    );
    Ok(())
}
