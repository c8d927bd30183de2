//! `berth status` from a cluster without berth to one that is well, and back.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::installed::{can_be_called, only_left, service, setup};
use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::operator::Operator;
use crate::harness::{account, documents, eventually, node_pools, repository};

/// Each stage of an installation says what is missing and what to do, and a whole one has exit code 0.
pub(crate) async fn status(cluster: &Cluster) -> anyhow::Result<()> {
    let admin = cluster.kubeconfig();
    let (code, report) = asked(&admin)?;
    ensure!(code == 1 && report["well"] == false, "{report:#}");
    let absent = line(&report, "berth", "there is no berth")?;
    ensure!(
        text(absent, "/remedy").starts_with("helm install berth"),
        "{absent}"
    );

    can_be_called()?;
    let operator = Operator::new(cluster)?;
    // Pods that fit no node are never ready.
    operator.runs(
        "kubectl kustomize deploy | sed 's/^      serviceAccountName: berth$/&\\n      nodeSelector: {nowhere: \"\"}/' |
        kubectl apply --filename -",
    )?;
    let (code, report) = asked(&admin)?;
    ensure!(code == 1, "{report:#}");
    ensure!(
        line(&report, "replicas", "0 of 2 ready")?["mark"] == "wrong",
        "{report:#}"
    );
    line(
        &report,
        "certificate",
        "the Secret holds none yet; berth makes",
    )?;
    line(&report, "registration", "holds no certificate")?;

    operator.runs("kubectl apply --kustomize deploy")?;
    node_pools::apply(&cluster.api).await?;
    let berth = setup(cluster).await?.serving_at(service(cluster).await?);
    let berth = berth.start().await?;
    let output = run(&admin, &["--wait=1m"])?;
    let (printed, said) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    );
    ensure!(output.status.success(), "{said}\n{printed}");
    for part in [
        "replicas      2 of 2 ready in berth-system, version 0.1.0",
        "days left; berth makes and renews it",
        "5 webhooks in zz-berth, no faults",
        "pool default: amd64-default ready, arm64-default ready",
        // The addresses of these pods lead nowhere.
        "not seen: the API server does not reach berth-",
    ] {
        ensure!(printed.contains(&format!(" {part}")), "{part}\n{printed}");
    }
    let prose = printed.lines().filter(|line| !line.contains("→ kubectl"));
    let widest = prose.map(|line| line.chars().count()).max();
    ensure!(widest <= Some(80), "{printed}");
    ensure!(!printed.contains(['\u{1b}', '✗', '!']), "{printed}");

    misspelt(cluster).await?;
    unseen(cluster).await?;
    policy(cluster).await?;
    berth.terminate().await?;
    operator.runs(
        "kubectl delete --kustomize deploy --ignore-not-found
        kubectl delete clusterrole,clusterrolebinding berth-status berth-pods",
    )?;
    only_left(&operator, &[]).await
}

/// A misspelt label is wrong, and said with its remedy.
async fn misspelt(cluster: &Cluster) -> anyhow::Result<()> {
    for (label, well) in [("injection=true", false), ("injection=enabled", true)] {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {
                "placement.truemark.io/injection": label.split('=').next_back(),
            }},
        });
        cluster.api.apply(&namespace).await?;
        let (code, report) = asked(&cluster.kubeconfig())?;
        ensure!((code == 0) == well, "{label}: {report:#}");
        if well {
            let opted_in = line(&report, "namespaces", "opted in: ")?;
            ensure!(text(opted_in, "/text").contains("shop"), "{opted_in}");
        } else {
            let fault = line(
                &report,
                "namespaces",
                "shop: placement.truemark.io/injection=true",
            )?;
            ensure!(
                text(fault, "/text").contains("write injection=enabled"),
                "{fault}"
            );
        }
    }
    Ok(())
}

/// With berth's own few rights, what may not be read is said and passed over.
async fn unseen(cluster: &Cluster) -> anyhow::Result<()> {
    let (_, report) = asked(&account::kubeconfig(cluster).await?)?;
    for (section, part) in [
        ("replicas", "this kubeconfig may not read deployments"),
        ("registration", "may not read mutatingwebhookconfigurations"),
        ("last hour", "may not read pods"),
    ] {
        ensure!(
            line(&report, section, part)?["mark"] == "note",
            "{report:#}"
        );
    }
    grant(cluster).await?;
    // The API server learns of new rights by watching them.
    eventually("the rights of the page are enough", async || {
        let (code, report) = asked(&account::kubeconfig(cluster).await?)?;
        let is_enough = !report.to_string().contains("this kubeconfig may not");
        Ok((code == 0 && is_enough).then_some(()))
    })
    .await
}

/// Gives berth's account the rights that the page lists.
async fn grant(cluster: &Cluster) -> anyhow::Result<()> {
    let page = std::fs::read_to_string(repository("docs/status.md"))?;
    let (_, block) = page
        .split_once("```yaml\n")
        .context("the page has no rights")?;
    for mut role in documents(block.split("```").next().unwrap_or_default())? {
        role["metadata"]["labels"] = json!({"app.kubernetes.io/name": "berth"});
        cluster.api.apply(&role).await?;
        let kind = text(&role, "/kind");
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": format!("{kind}Binding"),
            "metadata": role["metadata"],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": kind,
                "name": text(&role, "/metadata/name"),
            },
            "subjects": [{"kind": "ServiceAccount", "namespace": "berth-system", "name": "berth"}],
        });
        cluster.api.apply(&binding).await?;
    }
    Ok(())
}

/// A policy is shown with berth's word on it.
async fn policy(cluster: &Cluster) -> anyhow::Result<()> {
    let mut policy: Value =
        ::berth::encoding::yaml::parse(include_str!("../../../deploy/policy.yaml"))
            .map_err(|error| anyhow::anyhow!("{error}"))?;
    policy["spec"]["mode"] = json!("Audit");
    cluster.api.apply(&policy).await?;
    accepted(
        cluster,
        "Audit: berth changes nothing; accepted, generation 1",
        0,
    )
    .await?;
    policy["spec"]["pools"][0]["onDemand"] = json!({"nodePools": ["nowhere"], "baseCapacity": 1});
    cluster.api.apply(&policy).await?;
    accepted(
        cluster,
        "pool default, on-demand: nowhere missing: its pods go to the other side",
        1,
    )
    .await?;
    checked(
        cluster,
        "ServiceAccount berth-system/berth may not list and watch pods",
        true,
    )?;
    account::let_see_pods(cluster).await?;
    checked(cluster, "may not list and watch pods", false)?;
    if let Some(pool) = policy["spec"]["pools"][0].as_object_mut() {
        pool.remove("onDemand");
    }
    policy["spec"]["pools"][2]["nodePools"] = json!(["nowhere"]);
    cluster.api.apply(&policy).await?;
    accepted(
        cluster,
        "pool batch: nowhere missing: no pod is placed in it",
        1,
    )
    .await?;
    policy["spec"]["pools"][0]["binding"] = json!("Preferred");
    policy["spec"]["pools"][0]["nodePools"] = json!(["truemark-amd64"]);
    cluster.api.apply(&policy).await?;
    accepted(
        cluster,
        "not accepted, the one before stays in force: spec.pools[0].binding",
        1,
    )
    .await?;
    cluster
        .api
        .delete("/apis/placement.truemark.io/v1alpha1/placementpolicies/default")
        .await
}

async fn accepted(cluster: &Cluster, part: &str, code: i32) -> anyhow::Result<()> {
    eventually(part, async || {
        let (found, report) = asked(&cluster.kubeconfig())?;
        let is_said = line(&report, "policy", part).is_ok();
        Ok((is_said && found == code).then_some(()))
    })
    .await
}

/// Asserts that `berth check --cluster` says something, or does not.
fn checked(cluster: &Cluster, part: &str, is_said: bool) -> anyhow::Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(["check", "--cluster", "--kubeconfig"])
        .arg(cluster.kubeconfig())
        .output()
        .context("berth")?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(printed.contains(part) == is_said, "{part}\n{printed}");
    Ok(())
}

fn run(kubeconfig: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(["status", "--kubeconfig"])
        .arg(kubeconfig)
        .args(arguments)
        .output()
        .context("berth")
}

/// Returns the exit code and the report.
fn asked(kubeconfig: &Path) -> anyhow::Result<(i32, Value)> {
    let output = run(kubeconfig, &["--output=json"])?;
    let code = output.status.code().context("ended by a signal")?;
    let report = serde_json::from_slice(&output.stdout).with_context(|| format!("{output:?}"))?;
    Ok((code, report))
}

/// Returns the line of a section that has this text in it.
fn line<'r>(report: &'r Value, section: &str, part: &str) -> anyhow::Result<&'r Value> {
    let sections = report["sections"].as_array().into_iter().flatten();
    let lines = sections.filter(|one| one["name"] == section);
    let mut lines = lines.flat_map(|one| one["lines"].as_array().into_iter().flatten());
    let found = lines.find(|line| text(line, "/text").contains(part));
    found.with_context(|| format!("{section}: no {part:?} in {report:#}"))
}
