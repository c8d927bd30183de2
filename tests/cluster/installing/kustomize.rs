//! Installing berth, opting in and out, and getting rid of it, as the pages under deploy/ say.

use anyhow::ensure;
use serde_json::json;

use crate::harness::additions::additions;
use crate::harness::api::{Persist, path, text};
use crate::harness::cluster::Cluster;
use crate::harness::registration::{pointed_at, register};
use crate::harness::scene::{Injection, Scene, namespace, pod};
use crate::harness::{documents, eventually, repository};

/// The installation is taken as it is, its pods keep to the restrictions of their namespace, and nobody is in the way
/// of a pod before there is a certificate, or after the configurations are gone.
pub(crate) async fn installation(cluster: &Cluster) -> anyhow::Result<()> {
    let api = &cluster.api;
    namespace(cluster, "installation", Injection::Enabled).await?;
    let deploy = repository("deploy").display().to_string();
    let printed = cluster.kubectl(&["apply", "-k", &deploy])?;
    ensure!(printed.success, "{printed:?}");
    assert_eq!(printed.stderr, "");
    let pods = "/api/v1/namespaces/berth-system/pods";
    eventually("berth's Deployment makes its pods", async || {
        Ok((api.list(pods).await?.len() == 2).then_some(()))
    })
    .await?;
    let early = pod("installation", "early");
    let reply = api.create(&early, Persist::Store);
    let stored = reply.await?.ok()?;
    assert_eq!(stored["spec"].get("nodeSelector"), None);

    let configurations = "mutatingwebhookconfiguration,validatingwebhookconfiguration";
    let printed = cluster.kubectl(&["delete", configurations, "zz-berth"])?;
    ensure!(printed.success, "{printed:?}");
    let printed = cluster.kubectl(&["delete", "-k", &deploy, "--ignore-not-found"])?;
    ensure!(printed.success, "{printed:?}");
    Ok(())
}

/// A label on the namespace is all that it takes, both ways.
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
        // The API server looks namespaces up in what it watches.
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

/// The overlay that shows placement in the `CronJob` itself: applied twice, it stays as it is.
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
