//! A `PlacementPolicy` as `kubectl` applies it, with berth in front: what is printed is a line for each mistake.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::definition::{define, refusal, shipped, with};
use crate::harness::api::{path, text};
use crate::harness::cluster::Cluster;
use crate::harness::registration::unregister;
use crate::harness::scene::Scene;
use crate::harness::{manifests, repository};

/// The policies of `tests/policies` that are accepted with a warning: node pools come and go.
const WARNED_OF: [&str; 4] = [
    "a pool whose on-demand side binds softly to a tainted node pool",
    "an on-demand side whose node pools are told apart by two labels",
    "a pool that binds softly to a tainted node pool",
    "a pool whose node pools are told apart by two labels",
];

/// In every way to apply a policy, a mistake is one short line that names the rule, the field and the remedy.
pub(crate) async fn a_mistake_is_a_line(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let _scene = Scene::new(cluster).await?;
    let right = repository("deploy/policy.yaml").display().to_string();
    let ways: [&[&str]; 6] = [
        &["create"],
        &["apply"],
        &["apply", "--server-side"],
        &["apply", "--dry-run=server"],
        &["replace"],
        &["apply", "--validate=ignore"],
    ];
    let mistakes = [
        (
            json!({"rules": [{"name": "jobs", "place": {"poool": "batch"}}]}),
            "spec.rules[0].place.poool: rule \"jobs\": there is no such field; did you mean \"pool\"?",
        ),
        (
            json!({"rules": [{"name": "jobs", "place": {"pool": "batsch"}}]}),
            "spec.rules[0].place.pool: rule \"jobs\": \"batsch\" is not one of the policy's pools; did you mean \"batch\"?",
        ),
        (
            json!({"modes": "Audit"}),
            "spec.modes: there is no such field; did you mean \"mode\"?",
        ),
    ];
    for is_there in [false, true] {
        if is_there {
            let printed = cluster.kubectl(&["apply", "-f", &right])?;
            ensure!(printed.success && printed.stderr.is_empty(), "{printed:?}");
        }
        for (change, line) in &mistakes {
            let file = cluster.write("mistake.json", &with(change)?.to_string())?;
            for way in ways {
                // These need an object that is there, or that is not.
                if way[0] == "create" && is_there || way[0] == "replace" && !is_there {
                    continue;
                }
                let force: &[&str] = if way.contains(&"--server-side") {
                    &["--force-conflicts"]
                } else {
                    &[]
                };
                let printed = cluster.kubectl(&[way, force, &["-f", &file]].concat())?;
                let expected = format!("The PlacementPolicy \"default\" is invalid: {line}\n");
                assert_eq!(
                    (printed.success, printed.stderr),
                    (false, expected),
                    "{way:?}"
                );
            }
        }
    }
    let two = json!({"modes": "Audit", "rules": [{"name": "jobs", "place": {"poool": "batch"}}]});
    let file = cluster.write("mistake.json", &with(&two)?.to_string())?;
    let printed = cluster.kubectl(&["apply", "-f", &file])?;
    assert_eq!(printed.stderr.lines().count(), 3, "{printed:?}");
    cluster.api.delete(&path(&shipped()?)).await
}

/// berth refuses every policy that it cannot use, but for what depends on node pools: that is a warning.
pub(crate) async fn every_mistake_is_refused(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let _scene = Scene::new(cluster).await?;
    let mut wrong = Vec::new();
    for case in manifests(&repository("tests/policies"))? {
        let name = text(&case, "/name");
        if !case["text"].is_null() {
            continue;
        }
        let refused = refusal(cluster, &with(&case["policy"])?).await?;
        if refused.is_some() == WARNED_OF.contains(&name) {
            wrong.push(format!("{name}: {refused:?}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A policy that is accepted and surely not meant so is a warning, and labels can be changed whatever the spec is.
pub(crate) async fn remarks(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let scene = Scene::new(cluster).await?;
    let warned = |change: Value| -> anyhow::Result<String> {
        let file = cluster.write("remarked.json", &with(&change)?.to_string())?;
        let printed = cluster.kubectl(&["apply", "-f", &file])?;
        ensure!(printed.success, "{printed:?}");
        Ok(printed.stderr)
    };
    let all = json!({"name": "all", "place": {"pool": "default"}});
    let jobs = json!({"name": "jobs", "match": {"controllers": ["batch/Job"]}, "place": {"pool": "batch"}});
    assert_eq!(
        warned(json!({"rules": [all, jobs]}))?,
        "Warning: berth: policy: rule \"jobs\" is never reached: rule \"all\" before it takes\n\
         Warning:     all its pods; move it up, or remove it\n"
    );
    let soft = json!([
        {"name": "default", "nodePools": ["amd64-default", "arm64-default"], "binding": "Preferred"},
    ]);
    assert_eq!(
        warned(json!({"pools": soft, "rules": [all]}))?,
        "Warning: berth: policy: pool \"default\": Preferred needs node pools without\n\
         Warning:     taints, and arm64-default has kubernetes.io/arch=arm64:NoSchedule\n\
         Warning:   berth uses the policy before it until that is mended\n"
    );
    let without = json!([
        {"name": "default", "nodePools": ["amd64-default", "arm64-default"]},
        {"name": "ml", "nodePools": ["gpu"]},
    ]);
    assert_eq!(
        warned(json!({"pools": without, "rules": [all]}))?,
        "Warning: berth: policy: pool \"ml\": the cluster has no node pool of it (gpu), and\n\
         Warning:     its pods run wherever they fit\n\
         Warning:   apply its node pools, or name others\n"
    );

    // What came in while berth was away is in nobody's way, and no longer than until the spec changes.
    unregister(&cluster.api).await?;
    let mistake = with(&json!({"modes": "Audit"}))?;
    let stored = cluster.api.apply(&mistake).await?;
    assert_eq!(stored["spec"]["modes"], "Audit", "the field is kept");
    drop(scene);
    let _scene = Scene::new(cluster).await?;
    let printed = cluster.kubectl(&["label", "placementpolicy", "default", "team=platform"])?;
    ensure!(printed.success && printed.stderr.is_empty(), "{printed:?}");
    let patch = ["patch", "pp", "default", "--type=merge", "--patch"];
    let printed =
        cluster.kubectl(&[&patch[..], &["{\"spec\": {\"mode\": \"Audit\"}}"]].concat())?;
    assert!(
        !printed.success && printed.stderr.contains("spec.modes: "),
        "{printed:?}"
    );
    let mended = "{\"spec\": {\"modes\": null}}";
    let printed = cluster.kubectl(&[&patch[..], &[mended]].concat())?;
    ensure!(printed.success, "{printed:?}");
    let stored = cluster.api.get(&path(&mistake)).await?;
    assert_eq!(stored.context("the policy")?["spec"].get("modes"), None);
    cluster.api.delete(&path(&mistake)).await
}
