//! The installation by kustomize, as the pages under `deploy/` say.

use anyhow::{Context, ensure};
use serde_json::json;

use super::installed::{Installed, can_be_called, filled_in, only_left};
use crate::harness::additions::additions;
use crate::harness::api::{Persist, path, text};
use crate::harness::cluster::Cluster;
use crate::harness::operator::{Operator, commands};
use crate::harness::registration::{pointed_at, register};
use crate::harness::scene::{Injection, Scene, namespace, pod};
use crate::harness::{documents, eventually, node_pools, repository};

/// The API server accepts the installation, whose pods keep to the restrictions of their namespace. No pod is refused
/// before there is a certificate, while the installation is applied again, or after it is gone.
pub(crate) async fn installation(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    let apply = "kubectl apply --kustomize deploy";
    node_pools::apply(&cluster.api).await?;
    let blocks = commands("deploy/README.md", "In this order")?;
    let install = blocks
        .iter()
        .find(|block| block.contains("kubectl apply -k deploy\n"));
    let printed = operator.tries(install.context("deploy/README.md: kubectl apply -k deploy")?)?;
    ensure!(printed.success && printed.stderr.is_empty(), "{printed:?}");
    let pods = "/api/v1/namespaces/berth-system/pods";
    eventually("berth's Deployment makes its pods", async || {
        Ok((cluster.api.list(pods).await?.len() == 2).then_some(()))
    })
    .await?;
    namespace(cluster, "installation", Injection::Enabled).await?;
    can_be_called()?;
    let berth = Installed::new(cluster, "installation").await?;
    let (given, before) = (filled_in(cluster).await?, berth.load.report());
    operator.runs(apply)?;
    ensure!(filled_in(cluster).await? == given);
    berth.load.more_placed(50).await?;
    ensure!(berth.load.report().unplaced == before.unplaced);

    untouched(cluster, &operator, apply).await?;

    // The kill switch turns berth off, and on again.
    let [off] = &commands("deploy/README.md", "When berth is in the way")?[..] else {
        anyhow::bail!("deploy/README.md: one command");
    };
    operator.runs(off)?;
    berth.unplaced("berth is not asked").await?;
    operator.runs(apply)?;
    berth.trusted(cluster).await?;

    // The installation is removed.
    operator.runs(off)?;
    operator.runs("kubectl delete --kustomize deploy --ignore-not-found")?;
    berth.unplaced("berth is not asked any more").await?;
    only_left(&operator, &[]).await?;
    berth.end().await;
    Ok(())
}

/// The policy is the operator's: neither the installation nor the policy's own step writes over it, or needs it.
async fn untouched(cluster: &Cluster, operator: &Operator<'_>, apply: &str) -> anyhow::Result<()> {
    let create = "kubectl create --save-config --filename deploy/policy.yaml";
    let audit = r#"{"spec": {"mode": "Audit"}}"#;
    operator.runs(&format!(
        "kubectl patch placementpolicy default --type merge --patch '{audit}'"
    ))?;
    operator.runs(apply)?;
    let again = operator.tries(create)?;
    ensure!(again.stderr.contains("already exists"), "{again:?}");
    let path = "/apis/placement.truemark.io/v1alpha1/placementpolicies/default";
    let policy = cluster.api.get(path).await?.unwrap_or_default();
    ensure!(text(&policy, "/spec/mode") == "Audit", "{policy}");
    operator.runs("kubectl delete placementpolicy default")?;
    operator.runs(create)?;
    Ok(())
}

/// A label on the namespace is enough, both ways.
pub(crate) async fn opting_in_and_out(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::new(cluster).await?;
    namespace(cluster, "team", Injection::Absent).await?;
    let web = pod("team", "web");
    for (label, selector) in [
        ("placement.truemark.io/injection=enabled", "amd64-default"),
        ("placement.truemark.io/injection-", ""),
    ] {
        let printed = cluster.kubectl(&["label", "namespace", "team", label])?;
        ensure!(printed.success, "{printed:?}");
        // The API server knows namespaces by watching them.
        eventually(label, async || {
            let reply = cluster.api.create(&web, Persist::DryRun);
            let stored = reply.await?.ok()?;
            let found = text(&stored, "/spec/nodeSelector/karpenter.sh~1nodepool");
            Ok((found == selector).then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// The overlay shows placement in the `CronJob` itself, which stays as it is when applied twice.
pub(crate) async fn cron_job_templates(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    let overlay = repository("deploy/overlays/cronjob-templates");
    let printed = cluster.kubectl(&["kustomize", &overlay.display().to_string()])?;
    let objects = documents(&printed.stdout)?;
    let configurations = pointed_at(objects, &scene.setup.url(), &scene.authority.pem())?;
    register(&cluster.api, &configurations).await?;
    namespace(cluster, "templates", Injection::Enabled).await?;
    let template = json!({"spec": pod("templates", "nightly")["spec"]});
    let mut cron_job = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly", "namespace": "templates"},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
    });
    cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    let file = cluster.write("nightly.json", &cron_job.to_string())?;
    for mode in ["--server-side=true", "--server-side=false"] {
        for _ in 0..2 {
            let printed = cluster.kubectl(&["apply", mode, "-f", &file])?;
            ensure!(printed.success, "{printed:?}");
            let stored = cluster.api.get(&path(&cron_job)).await?;
            let stored = stored.unwrap_or_default();
            assert_eq!(stored["metadata"]["generation"], 1, "{mode}");
            let selector = "/spec/jobTemplate/spec/template/spec/nodeSelector";
            let found = additions(&cron_job["spec"], &stored["spec"])?;
            assert!(found.contains_key(&selector["/spec".len()..]), "{found:?}");
        }
        cluster.api.delete(&path(&cron_job)).await?;
    }
    Ok(())
}
