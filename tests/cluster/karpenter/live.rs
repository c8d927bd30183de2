//! `berth init`, `berth lint` and `berth explain` with `--cluster`: a policy of the cluster's own node pools, what it surely does
//! not mean, and live pods explained.

use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::json;

use super::pools::{deployment, job};
use crate::harness::api::{Persist, text};
use crate::harness::cluster::{Cluster, Printed};
use crate::harness::eventually;
use crate::harness::node_pools::{self, bound};
use crate::harness::scene::{Injection, Scene, namespace, pod};

/// The policy over the node pools that there are is accepted, and pods are placed by it.
pub(crate) async fn init(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::following(cluster).await?;
    node_pools::apply(&cluster.api).await?;
    let drafted = berth(cluster, &["init", "--cluster"])?;
    ensure!(drafted.success, "{drafted:?}");
    ensure!(
        drafted
            .stderr
            .contains("3 pools over 6 node pools: default, truemark, batch"),
        "{drafted:?}"
    );
    let again = berth(cluster, &["init", "--cluster"])?;
    ensure!(again.stdout == drafted.stdout, "{again:?}");
    let file = cluster.write("drafted.yaml", &drafted.stdout)?;
    let applied = cluster.kubectl(&["apply", "--server-side", "-f", &file])?;
    ensure!(applied.success && applied.stderr.is_empty(), "{applied:?}");
    let path = "/apis/placement.truemark.io/v1alpha1/placementpolicies/default";
    eventually("the policy is accepted", async || {
        let policy = cluster.api.get(path).await?.unwrap_or_default();
        Ok((policy["status"]["conditions"][0]["status"] == "True").then_some(()))
    })
    .await?;
    namespace(cluster, "drafted", Injection::Enabled).await?;
    let stored = cluster
        .api
        .create(&pod("drafted", "web"), Persist::DryRun)
        .await?
        .ok()?;
    let selected = text(&stored, "/spec/nodeSelector/karpenter.sh~1nodepool");
    ensure!(selected == "amd64-default", "{}", stored["spec"]);
    cluster.api.delete(path).await?;
    drop(scene);
    Ok(())
}

/// The policy of a cluster, or one of a file, is looked at over the node pools that the cluster has.
pub(crate) async fn lint(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::following(cluster).await?;
    node_pools::apply(&cluster.api).await?;
    let arguments = ["lint", "--cluster", "--fail-on", "warn"];
    let clean = berth(cluster, &arguments)?;
    let summary = "the default policy and 6 NodePools: 0 errors, 0 warnings, 0 notes\n";
    ensure!(clean.success && clean.stdout == summary, "{clean:?}");
    ensure!(clean.stderr.is_empty(), "{clean:?}");

    // A file takes the place of the cluster's own.
    let policy = include_str!("../../../deploy/policy.yaml");
    let misspelt = policy.replace("[amd64-batch, arm64-batch]", "[amd64-batsch, arm64-batch]");
    let file = cluster.write("misspelt.yaml", &misspelt)?;
    let heavy = include_str!("../../../deploy/platforms/karpenter/amd64-batch.yaml");
    let heavy = heavy.replace("taints:", "startupTaints:");
    let node_pool = cluster.write("heavy.yaml", &heavy)?;
    let found = berth(cluster, &[&arguments[..], &[&file, &node_pool]].concat())?;
    ensure!(!found.success, "{found:?}");
    let lints = found
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("  lint           "));
    let lints: Vec<&str> = lints.collect();
    let expected = ["unnamed-node-pool", "heavy-node-pool", "missing-node-pool"];
    ensure!(lints == expected, "{found:?}");
    let counted = "1 policy and 6 NodePools: 0 errors, 2 warnings, 1 note\n";
    ensure!(found.stdout.ends_with(counted), "{found:?}");
    drop(scene);
    Ok(())
}

/// A pod is explained by where it is, why it waits, and what berth would do today.
pub(crate) async fn explain(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::following(cluster).await?;
    node_pools::apply(&cluster.api).await?;
    // No node of an earlier test takes the pods.
    node_pools::cordon(&cluster.api).await?;
    namespace(cluster, "shop", Injection::Absent).await?;
    let mut early = deployment("shop", "early", &json!({}));
    early["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "TOKEN", "value": "SECRET_XYZ"}]);
    cluster.api.create(&early, Persist::Store).await?.ok()?;
    bound(&cluster.api, "shop", "app=early", 2).await?;
    let early = first_pod(cluster, "early").await?;
    let said = explained(cluster, &["-n", "shop", &early])?;
    for part in [
        "left alone: not-opted-in",
        "runs on        node pool amd64-default, spot, amd64, ",
        "as created     without berth",
        "to do          kubectl label namespace shop placement.truemark.io/injection=enabled",
        "kubectl --namespace shop rollout restart deployment/early",
    ] {
        ensure!(said.contains(part), "{part}\n{said}");
    }

    // What it says helps.
    let printed = cluster.kubectl(&[
        "label",
        "namespace",
        "shop",
        "placement.truemark.io/injection=enabled",
    ])?;
    ensure!(printed.success, "{printed:?}");
    let said = explained(cluster, &["-n", "shop", &format!("pod/{early}")])?;
    ensure!(
        said.contains("berth would place it: it was created before"),
        "{said}"
    );
    let said = explained(cluster, &["-n", "shop", "deploy/early"])?;
    ensure!(
        said.contains("its pods       2, 0 of them placed by berth"),
        "{said}"
    );
    eventually(
        "the API server asks berth about the namespace",
        async || {
            let reply = cluster
                .api
                .create(&pod("shop", "probe"), Persist::DryRun)
                .await?;
            let stored = reply.ok()?;
            Ok(
                (!text(&stored, "/spec/nodeSelector/karpenter.sh~1nodepool").is_empty())
                    .then_some(()),
            )
        },
    )
    .await?;
    let printed = cluster.kubectl(&[
        "--namespace",
        "shop",
        "rollout",
        "restart",
        "deployment/early",
    ])?;
    ensure!(printed.success, "{printed:?}");
    eventually("the pods are made anew", async || {
        let said = explained(cluster, &["-n", "shop", "deploy/early"])?;
        Ok(
            (said.contains(" 2, 2 of them placed by berth") && !said.contains("today"))
                .then_some(()),
        )
    })
    .await?;

    waiting(cluster).await?;
    all(cluster).await?;
    failing(cluster).await?;
    wrong(cluster)
}

/// The table has a line for each workload, and a warning fails the command where it is asked to.
async fn failing(cluster: &Cluster) -> anyhow::Result<()> {
    let mut misplaced = deployment("shop", "misplaced", &json!({}));
    misplaced["metadata"]["labels"]["placement.truemark.io/pool"] = json!("truemark");
    misplaced["spec"]["replicas"] = json!(0);
    cluster.api.create(&misplaced, Persist::Store).await?.ok()?;
    for (level, well) in [("deny", true), ("warn", false), ("never", true)] {
        let arguments = ["explain", "--cluster", "-n", "shop", "-o", "table"];
        let printed = berth(cluster, &[&arguments[..], &["--fail-on", level]].concat())?;
        ensure!(printed.success == well, "{level}: {printed:?}");
        let mut lines = printed.stdout.lines();
        let row = lines.find(|line| line.starts_with("Deployment/misplaced "));
        ensure!(
            row.is_some_and(|row| row.ends_with("label-on-workload")),
            "{}",
            printed.stdout
        );
    }
    Ok(())
}

/// A pod that waits says what the scheduler says.
async fn waiting(cluster: &Cluster) -> anyhow::Result<()> {
    let mut huge = pod("shop", "huge");
    huge["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "5000"}});
    cluster.api.create(&huge, Persist::Store).await?.ok()?;
    eventually("the scheduler says why", async || {
        let said = explained(cluster, &["-n", "shop", "po/huge"])?;
        Ok((said.contains("waits ")
            && said.contains("nodes are available")
            && said.contains("Karpenter  "))
        .then_some(()))
    })
    .await?;
    let placed = "as created     placed: rule=everything-else pool=default";
    let said = explained(cluster, &["-n", "shop", "huge"])?;
    ensure!(said.contains(placed), "{said}");
    Ok(())
}

/// Without names, each thing that makes pods is explained once, and nothing that it makes.
async fn all(cluster: &Cluster) -> anyhow::Result<()> {
    cluster
        .api
        .create(&job("shop", "sums"), Persist::Store)
        .await?
        .ok()?;
    let printed = berth(
        cluster,
        &["explain", "--cluster", "-n", "shop", "-o", "json"],
    )?;
    ensure!(printed.success, "{printed:?}");
    let report = printed.json()?;
    let workloads = report["workloads"].as_array().context("workloads")?;
    let names: Vec<(&str, &str)> = workloads
        .iter()
        .map(|one| (text(one, "/kind"), text(one, "/name")))
        .collect();
    let expected = [("Deployment", "early"), ("Job", "sums"), ("Pod", "huge")];
    ensure!(names == expected, "{names:?}");
    ensure!(workloads[0]["live"]["placedPods"] == 2, "{}", workloads[0]);
    ensure!(!printed.stdout.contains("SECRET_XYZ"), "{}", printed.stdout);
    let everywhere = berth(cluster, &["explain", "--cluster", "-A", "-o", "json"])?.json()?;
    let all = everywhere["workloads"].as_array().context("workloads")?;
    ensure!(all.len() >= workloads.len(), "{}", all.len());
    Ok(())
}

/// berth says that something is not there, with the nearest name.
fn wrong(cluster: &Cluster) -> anyhow::Result<()> {
    for (arguments, part) in [
        (
            &["deploy/earyl"][..],
            "deployment/earyl: there is none in namespace shop; did you mean early?",
        ),
        (
            &["sts/web"],
            "statefulset/web: there is none in namespace shop; it has no statefulsets",
        ),
        (
            &["rollout/web"],
            "kubectl get rollout web -o yaml | berth explain -f -",
        ),
        (&["early", "-o", "yaml"], "secrets included"),
    ] {
        let printed = berth(
            cluster,
            &[&["explain", "--cluster", "-n", "shop"], arguments].concat(),
        )?;
        ensure!(
            !printed.success && printed.stderr.contains(part),
            "{printed:?}"
        );
    }
    let printed = berth(cluster, &["explain", "--cluster", "-n", "nowhere"])?;
    ensure!(
        printed.stderr.contains("there is no namespace nowhere"),
        "{printed:?}"
    );
    let printed = berth(cluster, &["explain", "--cluster", "-n", "../secrets"])?;
    ensure!(
        !printed.success && printed.stderr.contains("is no name of a namespace"),
        "{printed:?}"
    );
    Ok(())
}

async fn first_pod(cluster: &Cluster, app: &str) -> anyhow::Result<String> {
    let path = format!("/api/v1/namespaces/shop/pods?labelSelector=app={app}");
    let pods = cluster.api.list(&path).await?;
    let first = pods.first().context("a pod")?;
    Ok(text(first, "/metadata/name").to_owned())
}

/// Returns what `berth explain --cluster` prints.
fn explained(cluster: &Cluster, arguments: &[&str]) -> anyhow::Result<String> {
    let printed = berth(cluster, &[&["explain", "--cluster"], arguments].concat())?;
    ensure!(printed.success, "{printed:?}");
    ensure!(!printed.stdout.contains("SECRET_XYZ"), "{printed:?}");
    Ok(printed.stdout)
}

/// Runs berth with these arguments, on the cluster.
pub(super) fn berth(cluster: &Cluster, arguments: &[&str]) -> anyhow::Result<Printed> {
    let output = Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(arguments)
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .output()
        .context("berth")?;
    Ok(Printed {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}
