//! berth as its users see it, through `kubectl`.

use anyhow::{Context, ensure};
use serde_json::json;

use crate::harness::api::{collection, path, text};
use crate::harness::cluster::Cluster;
use crate::harness::documents;
use crate::harness::registration::{register, shipped, unregister};
use crate::harness::scene::{Injection, Scene, namespace, pod};

pub(crate) async fn dry_run(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::new(cluster).await?;
    namespace(cluster, "dry-run", Injection::Enabled).await?;
    let object = pod("dry-run", "web");
    let file = cluster.write("web.json", &object.to_string())?;
    let printed = cluster.kubectl(&["create", "--dry-run=server", "-o=json", "-f", &file])?;
    let answered = printed.json()?;
    let selector = text(&answered, "/spec/nodeSelector/karpenter.sh~1nodepool");
    assert_eq!(selector, "amd64-default", "{printed:?}");
    assert_eq!(cluster.api.get(&path(&object)).await?, None);
    Ok(())
}

/// A manifest that is applied again changes nothing, by the client or by the server, and `kubectl diff` finds no
/// difference.
pub(crate) async fn apply_twice(cluster: &Cluster) -> anyhow::Result<()> {
    let _scene = Scene::new(cluster).await?;
    let file = cluster.write("kinds.yaml", include_str!("kinds.yaml"))?;
    for (name, mode) in [
        ("apply-server", "--server-side=true"),
        ("apply-client", "--server-side=false"),
    ] {
        namespace(cluster, name, Injection::Enabled).await?;
        let namespace = format!("--namespace={name}");
        let first = cluster.kubectl(&["apply", mode, &namespace, "-f", &file])?;
        ensure!(first.success, "{first:?}");
        let before = generations(cluster, name).await?;
        let second = cluster.kubectl(&["apply", mode, &namespace, "-f", &file])?;
        ensure!(second.success, "{second:?}");
        assert_eq!(second.stderr, "");
        assert_eq!(generations(cluster, name).await?, before);
        if mode == "--server-side=false" {
            for line in second.stdout.lines() {
                assert!(line.ends_with(" unchanged"), "{line}");
            }
        }
        let diff = cluster.kubectl(&["diff", mode, &namespace, "-f", &file])?;
        assert!(diff.success && diff.stdout.is_empty(), "{diff:?}");
    }
    Ok(())
}

/// Returns the identity of every object of `kinds.yaml`, and how often its spec has changed.
async fn generations(
    cluster: &Cluster,
    namespace: &str,
) -> anyhow::Result<Vec<(String, String, u64)>> {
    let mut found = Vec::new();
    for mut object in documents(include_str!("kinds.yaml"))? {
        object["metadata"]["namespace"] = json!(namespace);
        let stored = cluster.api.get(&path(&object)).await?;
        let stored = stored.with_context(|| path(&object))?;
        let uid = text(&stored, "/metadata/uid").to_owned();
        let generation = stored["metadata"]["generation"].as_u64();
        found.push((path(&object), uid, generation.unwrap_or_default()));
    }
    Ok(found)
}

pub(crate) async fn denials_and_warnings(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    namespace(cluster, "told", Injection::Enabled).await?;

    let misspelt = json!({"placement.truemark.io/pool": "truemrk"});
    let mut bare = pod("told", "misspelt");
    bare["metadata"]["labels"] = misspelt.clone();
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "misspelt", "namespace": "told"},
        "spec": {
            "selector": {"matchLabels": misspelt},
            "template": {"metadata": {"labels": misspelt}, "spec": bare["spec"]},
        },
    });
    for (object, field, webhook) in [
        (&bare, "metadata", "pods"),
        (&deployment, "spec.template.metadata", "templates"),
    ] {
        let file = cluster.write("misspelt.json", &object.to_string())?;
        let printed = cluster.kubectl(&["create", "-f", &file])?;
        assert!(!printed.success, "{printed:?}");
        assert_eq!(
            printed.stderr,
            format!(
                "Error from server (Forbidden): error when creating \"{file}\": admission webhook \
                 \"{webhook}.placement.truemark.io\" denied the request: unknown-pool: \
                 {field}.labels[placement.truemark.io/pool]: \"truemrk\" names no pool; did you mean \"truemark\"?\n"
            )
        );
        assert_eq!(cluster.api.get(&path(object)).await?, None);
    }

    let mut conflict = pod("told", "conflict");
    conflict["spec"]["nodeSelector"] = json!({"karpenter.sh/capacity-type": "on-demand"});
    let file = cluster.write("conflict.json", &conflict.to_string())?;
    let printed = cluster.kubectl(&["create", "-f", &file])?;
    assert!(printed.success, "{printed:?}");
    // The author is told once, by the validating side: first what would help, then why no node pool fits.
    let lines: Vec<&str> = printed.stderr.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "Warning: berth: unschedulable: the pod requires on-demand",
            "Warning:   pool default offers spot only",
            "Warning:   label it placement.truemark.io/pool: truemark",
        ],
        "{printed:?}"
    );
    assert!(
        lines.len() <= 5 && lines.iter().all(|line| line.len() <= 80),
        "{printed:?}"
    );

    // The validating side warns the author if only the mutating side could not be reached.
    unregister(&cluster.api).await?;
    let mut configurations = shipped(&scene.setup.url(), &scene.authority.pem())?;
    configurations.retain(|object| collection(object).ends_with("validatingwebhookconfigurations"));
    register(&cluster.api, &configurations).await?;
    let file = cluster.write("missed.json", &pod("told", "missed").to_string())?;
    let printed = cluster.kubectl(&["create", "-f", &file])?;
    assert!(printed.success, "{printed:?}");
    assert_eq!(
        printed.stderr,
        "Warning: berth: not-placed: spec: not placed in pool default by rule\n\
         Warning:     everything-else; was the webhook down? recreate the pod\n"
    );
    Ok(())
}
