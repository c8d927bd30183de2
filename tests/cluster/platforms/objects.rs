//! The kustomizations and the chart: an operator adds two facts, and both ways give the same objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::operator::{Operator, commands};
use crate::harness::{documents, manifests, repository};

const PLATFORMS: [&str; 2] = ["karpenter", "eks-auto-mode"];

/// The two facts of the page's example.
const CLUSTER: &str = "prod-eu";
const ROLE: &str = "KarpenterNodeRole-prod-eu";

const PAGE: &str = "deploy/platforms/README.md";
const CHART: &str = "deploy/charts/berth-node-pools";

/// Objects, by kind and name.
type Objects = BTreeMap<(String, String), Value>;

fn by_name(objects: Vec<Value>) -> Objects {
    let key = |object: &Value| {
        let kind = text(object, "/kind").to_owned();
        (kind, text(object, "/metadata/name").to_owned())
    };
    let keyed = objects.into_iter().filter(|object| !object.is_null());
    keyed.map(|object| (key(&object), object)).collect()
}

/// Makes a copy of `deploy/platforms` with the two facts filled in, each on its line.
fn filled_in(cluster: &Cluster, copy: &str, platform: &str) -> anyhow::Result<PathBuf> {
    let directory = copied(cluster, copy)?.join(platform);
    let file = directory.join("kustomization.yaml");
    let mut lines: Vec<String> = std::fs::read_to_string(&file)?
        .lines()
        .map(str::to_owned)
        .collect();
    for (fact, value) in [("clusterName", CLUSTER), ("nodeRole", ROLE)] {
        let empty = format!("  - {fact}=");
        let line = lines.iter_mut().find(|line| **line == empty);
        *line.with_context(|| format!("{} has no {empty}", file.display()))? += value;
    }
    std::fs::write(&file, lines.join("\n"))?;
    Ok(directory)
}

/// Copies `deploy/platforms` into the cluster's directory.
fn copied(cluster: &Cluster, name: &str) -> anyhow::Result<PathBuf> {
    let copy = cluster.path().join(name);
    let copying = Command::new("cp")
        .arg("-r")
        .arg(repository("deploy/platforms"))
        .arg(&copy)
        .status()?;
    ensure!(copying.success(), "{}", copy.display());
    Ok(copy)
}

fn kustomized(cluster: &Cluster, directory: &Path) -> anyhow::Result<Objects> {
    let printed = cluster.kubectl(&["kustomize", &directory.display().to_string()])?;
    ensure!(printed.success, "{printed:?}");
    Ok(by_name(documents(&printed.stdout)?))
}

/// Returns the block of YAML of the page that begins like this, made to refer to a copy of `deploy/platforms` beside
/// it.
fn shown(beginning: &str, platform: &str) -> anyhow::Result<String> {
    let page = std::fs::read_to_string(repository(PAGE))?;
    let mut blocks = page.split("```yaml\n").skip(1);
    let block = blocks
        .find(|block| block.starts_with(beginning))
        .and_then(|block| block.split("```").next())
        .with_context(|| format!("{PAGE} has no block that begins with {beginning}"))?;
    let block = block.replace("berth/deploy/platforms/", "../");
    Ok(block.replace("../karpenter", &format!("../{platform}")))
}

/// Makes the directory of a kustomization over a copy of `deploy/platforms`.
fn overlay(cluster: &Cluster, copy: &str, text: &str) -> anyhow::Result<PathBuf> {
    let directory = copied(cluster, copy)?.join("own");
    std::fs::create_dir(&directory)?;
    std::fs::write(directory.join("kustomization.yaml"), text)?;
    Ok(directory)
}

/// The two facts reach the same fields from their lines and from the page's overlay, and nothing else changes.
pub(crate) async fn two_facts(cluster: &Cluster) -> anyhow::Result<()> {
    for platform in PLATFORMS {
        let directory = filled_in(cluster, &format!("two-facts-{platform}"), platform)?;
        let objects = kustomized(cluster, &directory)?;
        let shipped = manifests(&repository(&format!("deploy/platforms/{platform}")))?;
        let mut expected = by_name(shipped);
        expected.retain(|(kind, _), _| kind != "Kustomization");
        for object in expected.values_mut() {
            let text = object.to_string();
            let text = text.replace("CLUSTER_NAME", CLUSTER);
            *object = serde_json::from_str(&text.replace("NODE_ROLE", ROLE))?;
        }
        assert_eq!(objects, expected, "{platform}");

        let mut own = shown("# kustomization.yaml\n", platform)?;
        let directory = overlay(cluster, &format!("own-{platform}"), &own)?;
        assert_eq!(kustomized(cluster, &directory)?, expected, "{platform}");

        own += &shown("patches:\n", platform)?;
        let directory = overlay(cluster, &format!("fewer-{platform}"), &own)?;
        assert_eq!(
            kustomized(cluster, &directory)?,
            without_truemark(expected),
            "{platform}"
        );
    }
    Ok(())
}

fn without_truemark(mut objects: Objects) -> Objects {
    objects.retain(|(_, name), _| !name.starts_with("truemark-"));
    assert_eq!(objects.len(), 5);
    objects
}

/// An operator who forgets a fact is told so by its name, in the words of the page.
pub(crate) async fn left_out(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let operator = Operator::new(cluster)?;
    let printed = operator.tries("kubectl apply --dry-run=server -k deploy/platforms/karpenter")?;
    assert!(!printed.success);
    let page = std::fs::read_to_string(repository("deploy/platforms/karpenter/README.md"))?;
    let said = page.split("```text\n").nth(1).context("no words")?;
    for line in said.split("```").next().unwrap_or_default().lines() {
        for words in line.split(" … ") {
            assert!(printed.stderr.contains(words), "{words}: {printed:?}");
        }
    }
    let printed = operator.tries(&format!("helm template x {CHART}"))?;
    assert!(!printed.success);
    for value in ["platform", "clusterName", "nodeRole"] {
        let path = format!("'/{value}'");
        assert!(printed.stderr.contains(&path), "{printed:?}");
    }
    let wrong = facts("karpenter").replace(ROLE, "arn:aws:iam::1:role/nodes");
    let printed = operator.tries(&format!("helm template x {CHART} {wrong}"))?;
    assert!(printed.stderr.contains("'/nodeRole'"), "{printed:?}");
    let wrong = format!("{} --set consolidationPolicy=WhenEmpty", facts("karpenter"));
    let printed = operator.tries(&format!("helm template x {CHART} {wrong}"))?;
    assert!(
        printed.stderr.contains("'/consolidationPolicy'"),
        "{printed:?}"
    );
    Ok(())
}

/// The chart makes the same objects of the two facts, and leaves out those that are not wanted.
pub(crate) async fn chart(cluster: &Cluster) -> anyhow::Result<()> {
    for platform in PLATFORMS {
        let directory = filled_in(cluster, &format!("chart-{platform}"), platform)?;
        let expected = kustomized(cluster, &directory)?;
        let facts = facts(platform);
        assert_eq!(rendered(cluster, &facts)?, expected, "{platform}");

        let fewer = format!(
            "{facts} --set nodePools.truemark-amd64.enabled=false \
             --set nodePools.truemark-arm64.enabled=false --set nodePools.amd64-batch.limits.cpu=32"
        );
        let mut remaining = without_truemark(expected);
        let batch = remaining.get_mut(&("NodePool".to_owned(), "amd64-batch".to_owned()));
        batch.context("amd64-batch")?["spec"]["limits"]["cpu"] = json!("32");
        assert_eq!(rendered(cluster, &fewer)?, remaining, "{platform}");

        let own = shown("# kustomization.yaml\n", platform)?;
        let own = own.replace(
            "components:\n",
            &format!("components:\n- ../critical/{platform}\n"),
        );
        let directory = overlay(cluster, &format!("critical-{platform}"), &own)?;
        let more = format!("{facts} --set nodePools.critical.enabled=true");
        let expected = kustomized(cluster, &directory)?;
        assert_eq!(rendered(cluster, &more)?, expected, "{platform}");
    }
    Ok(())
}

/// With the terms of capacity reservations the node class selects them, and the `truemark-*` node pools alone list them.
/// Batch node pools are never packed tighter.
pub(crate) async fn switches(cluster: &Cluster) -> anyhow::Result<()> {
    for platform in PLATFORMS {
        let switched = format!(
            "{} --set 'capacityReservationSelectorTerms[0].tags.pool=truemark' \
             --set consolidationPolicy=Balanced",
            facts(platform)
        );
        for ((_, name), object) in rendered(cluster, &switched)? {
            let spec = &object["spec"];
            if name == "berth" {
                let terms = json!([{"tags": {"pool": "truemark"}}]);
                assert_eq!(spec["capacityReservationSelectorTerms"], terms);
                continue;
            }
            let listed = spec["template"]["spec"]["requirements"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|one| one["values"] == json!(["reserved", "on-demand"]));
            assert_eq!(listed, name.starts_with("truemark-"), "{platform}: {name}");
            let policy = text(spec, "/disruption/consolidationPolicy");
            assert_eq!(policy == "WhenEmpty", name.ends_with("-batch"), "{name}");
        }
    }
    Ok(())
}

/// The API server accepts the objects of both ways, by the page's commands and the schemas of Karpenter's AWS provider,
/// and stores the same of them.
pub(crate) async fn applied(cluster: &Cluster) -> anyhow::Result<()> {
    define(cluster).await?;
    let operator = Operator::new(cluster)?;
    let commands = commands(PAGE, "Applying them")?;
    let [install, apply] = &commands[..] else {
        anyhow::bail!("{commands:?}");
    };
    // It exits with 1 to report a difference.
    let apply = apply.replace("kubectl diff -k .", "(kubectl diff -k . || test $? = 1)");
    for platform in PLATFORMS {
        let own = shown("# kustomization.yaml\n", platform)?;
        let directory = overlay(cluster, &format!("applied-{platform}"), &own)?;
        let there = format!("cd {}\n", directory.display());
        operator.runs(&format!("{there}{apply}"))?;
        let kustomized = stored(&operator)?;
        assert_eq!(kustomized.len(), 7, "{platform}");
        operator.runs(&format!("{there}kubectl delete -k ."))?;

        operator.runs(&install.replace("platform=karpenter", &format!("platform={platform}")))?;
        assert_eq!(stored(&operator)?, kustomized, "{platform}");
        operator.runs("helm uninstall berth-node-pools")?;
        assert_eq!(stored(&operator)?.len(), 0, "{platform}");
    }
    Ok(())
}

/// Creates the definitions of Karpenter's AWS provider. Nobody publishes that of Auto Mode's node class, so that one in
/// its place accepts everything.
async fn define(cluster: &Cluster) -> anyhow::Result<()> {
    let mut definitions = manifests(&cluster.programs.join("platform-crds/karpenter-aws"))?;
    definitions.push(json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "nodeclasses.eks.amazonaws.com"},
        "spec": {
            "group": "eks.amazonaws.com",
            "scope": "Cluster",
            "names": {"kind": "NodeClass", "plural": "nodeclasses", "singular": "nodeclass"},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    }));
    cluster.define(&definitions).await
}

/// Returns the stored specs of node pools and node classes.
fn stored(operator: &Operator<'_>) -> anyhow::Result<Objects> {
    let kinds =
        "nodepools.karpenter.sh,ec2nodeclasses.karpenter.k8s.aws,nodeclasses.eks.amazonaws.com";
    let list: Value =
        serde_json::from_str(&operator.runs(&format!("kubectl get {kinds} -o json"))?)?;
    let mut objects = by_name(list["items"].as_array().context("no items")?.clone());
    for object in objects.values_mut() {
        *object = object["spec"].take();
    }
    Ok(objects)
}

fn facts(platform: &str) -> String {
    format!("--set platform={platform} --set clusterName={CLUSTER} --set nodeRole={ROLE}")
}

fn rendered(cluster: &Cluster, arguments: &str) -> anyhow::Result<Objects> {
    let command = format!("helm template pools {CHART} {arguments}");
    Ok(by_name(documents(
        &Operator::new(cluster)?.runs(&command)?,
    )?))
}
