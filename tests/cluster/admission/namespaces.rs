//! The labels of namespaces as `kubectl label` sets them.

use anyhow::ensure;
use serde_json::json;

use crate::harness::cluster::{Cluster, Printed};
use crate::harness::registration::{register, shipped, unregister};
use crate::harness::scene::Scene;

/// A label that names nothing is refused, one that has no effect is warned of, and an old mistake is in nobody's way.
pub(crate) async fn namespace_labels(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::new(cluster).await?;
    let created = cluster.kubectl(&["create", "namespace", "shop"])?;
    ensure!(created.success && created.stderr.is_empty(), "{created:?}");

    let key = |name: &str| format!("placement.truemark.io/{name}");
    let refused = "Error from server (Forbidden): admission webhook \"namespaces.placement.truemark.io\" denied the \
                   request: ";
    for (label, check, fault) in [
        (
            "arch=graviton",
            "unknown-architecture",
            "names no architecture; write arch=arm64",
        ),
        (
            "pool=trumark",
            "unknown-pool",
            "names no pool; write pool=truemark",
        ),
    ] {
        let printed = label_shop(cluster, &key(label))?;
        let expected = format!("{refused}{check}: {} {fault}\n", key(label));
        assert_eq!((printed.success, printed.stderr), (false, expected));
    }
    for (label, fault) in [
        ("injection=true", "does not opt in; write injection=enabled"),
        (
            "pools=truemark",
            "is no label of berth's; did you mean pool?",
        ),
    ] {
        let printed = label_shop(cluster, &key(label))?;
        assert!(printed.success, "{printed:?}");
        // It is broken where the line of a terminal ends.
        let told = printed
            .stderr
            .replace("\nWarning:    ", "")
            .replace("\nWarning:  ", ";");
        let expected = format!("Warning: berth: unknown-label: {} {fault}\n", key(label));
        assert_eq!(told, expected);
    }
    for label in ["injection=enabled", "arch=any", "pool=truemark"] {
        let printed = label_shop(cluster, &key(label))?;
        assert!(printed.success && printed.stderr.is_empty(), "{printed:?}");
    }

    // What came in while berth was away is in nobody's way.
    unregister(&cluster.api).await?;
    let printed = label_shop(cluster, &key("arch=graviton"))?;
    ensure!(printed.success, "{printed:?}");
    register(
        &cluster.api,
        &shipped(&scene.setup.url(), &scene.authority.pem())?,
    )
    .await?;
    for label in ["team=data".to_owned(), key("pools-")] {
        let printed = label_shop(cluster, &label)?;
        assert!(printed.success && printed.stderr.is_empty(), "{printed:?}");
    }
    // A new namespace has new labels alone, and kube-system is none of berth's.
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "new", "labels": {key("arch"): "graviton"}},
    });
    let file = cluster.write("namespace.json", &namespace.to_string())?;
    let printed = cluster.kubectl(&["apply", "-f", &file])?;
    assert!(
        !printed.success && printed.stderr.contains("write arch=arm64"),
        "{printed:?}"
    );
    let label = key("arch=graviton");
    let printed = cluster.kubectl(&["label", "namespace", "kube-system", &label])?;
    assert!(printed.success && printed.stderr.is_empty(), "{printed:?}");
    let printed = cluster.kubectl(&["label", "namespace", "kube-system", &key("arch-")])?;
    ensure!(printed.success, "{printed:?}");
    let printed = cluster.kubectl(&["delete", "namespace", "shop", "--wait=false"])?;
    ensure!(printed.success && printed.stderr.is_empty(), "{printed:?}");
    Ok(())
}

fn label_shop(cluster: &Cluster, label: &str) -> anyhow::Result<Printed> {
    cluster.kubectl(&["label", "--overwrite", "namespace", "shop", label])
}
