//! The page of the chart, command by command, on a cluster in which pods are created meanwhile.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::installed::{Installed, can_be_called, filled_in, only_left, setup};
use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::operator::{Operator, commands};
use crate::harness::registration::installed;
use crate::harness::scene::{Injection, namespace};
use crate::harness::{eventually, node_pools, repository};

const PAGE: &str = "deploy/charts/berth/README.md";

const RELEASE: &str = "berth deploy/charts/berth --namespace berth-system --values my-values.yaml";

fn run(operator: &Operator<'_>, section: &str) -> anyhow::Result<()> {
    for block in commands(PAGE, section)? {
        operator.runs(&block)?;
    }
    Ok(())
}

/// All commands of the page run in order. berth runs where its Service is, with the rights of its service account, and
/// the API server uses its configurations as Helm made them. No pod is refused; none goes unplaced while berth is only
/// changed.
pub(crate) async fn page(cluster: &Cluster) -> anyhow::Result<()> {
    can_be_called()?;
    let operator = Operator::new(cluster)?;
    // berth's own pods need nodes.
    node_pools::apply(&cluster.api).await?;
    namespace(cluster, "my-team", Injection::Absent).await?;
    run(&operator, "Install")?;
    ensure!(mode(cluster).await? == "Enforce", "the default policy");
    let second = operator.tries("helm install second deploy/charts/berth --namespace default")?;
    ensure!(!second.success, "there are two berths");
    ensure!(
        second.stderr.contains("meta.helm.sh/release-name"),
        "{second:?}"
    );
    let berth = Installed::new(cluster, "my-team").await?;
    changed(cluster, &operator, &berth).await?;
    tried(cluster, &operator, &berth).await?;

    let [off, on] = &commands(PAGE, "When berth is in the way")?[..] else {
        anyhow::bail!("{PAGE}: off, on");
    };
    operator.runs(off)?;
    berth.unplaced("berth is not asked").await?;
    operator.runs(on)?;
    berth.trusted(cluster).await?;

    removed(cluster, &operator, &berth).await?;
    berth.end().await;
    Ok(())
}

/// Upgrades the release with other values, rolls it back, and upgrades it as Helm did before it applied on the server.
async fn changed(
    cluster: &Cluster,
    operator: &Operator<'_>,
    berth: &Installed,
) -> anyhow::Result<()> {
    let before = berth.load.report();
    let given = filled_in(cluster).await?;
    values(operator, &json!({"policy": {"pools": own_pools()}}))?;
    older_definition(cluster).await?;
    run(operator, "Upgrade")?;
    ensure!(columns(cluster).await?, "the definition is the older one");
    ensure!(replicas(cluster).await? == 3);
    // The pools are the values', the rules are the default ones.
    let policy = cluster.api.get(POLICY).await?.unwrap_or_default();
    ensure!(policy["spec"]["pools"] == own_pools(), "{policy}");
    ensure!(text(&policy, "/spec/rules/1/name") == "jobs", "{policy}");
    ensure!(filled_in(cluster).await? == given);
    berth.load.more_placed(50).await?;
    run(operator, "Roll back")?;
    ensure!(replicas(cluster).await? == 2);
    let policy = cluster.api.get(POLICY).await?.unwrap_or_default();
    ensure!(policy["spec"]["pools"] != own_pools(), "{policy}");
    ensure!(filled_in(cluster).await? == given);
    berth.load.more_placed(50).await?;
    values(operator, &json!({}))?;
    operator.runs(&format!("helm upgrade {RELEASE} --server-side=false"))?;
    ensure!(filled_in(cluster).await? == given);
    berth.load.more_placed(50).await?;
    let unplaced = berth.load.report().unplaced - before.unplaced;
    ensure!(unplaced == 0, "{unplaced} pods went unplaced");
    Ok(())
}

/// Tries the policy in Audit and back by one value, deletes it, and changes it behind Helm's back.
async fn tried(
    cluster: &Cluster,
    operator: &Operator<'_>,
    berth: &Installed,
) -> anyhow::Result<()> {
    let wrong = operator.tries(&format!("helm upgrade {RELEASE} --set policy.mode=Audti"))?;
    ensure!(wrong.stderr.contains("'/policy/mode'"), "{wrong:?}");
    run(operator, "The policy")?;
    ensure!(mode(cluster).await? == "Audit");
    berth.unplaced("the policy is in Audit").await?;
    // From here on Helm applies on the server again, which tells it of others' changes.
    operator.runs(&format!(
        "helm upgrade {RELEASE} --set mode=Enforce --server-side=true"
    ))?;
    berth.load.more_placed(50).await?;

    // Without a policy, the compiled-in one is in force.
    operator.runs("kubectl delete placementpolicy default")?;
    let before = berth.load.report();
    berth.load.more_placed(50).await?;
    ensure!(berth.load.report().unplaced == before.unplaced);
    operator.runs(&format!("helm upgrade {RELEASE}"))?;

    let patch = r#"{"spec": {"mode": "Audit"}}"#;
    operator.runs(&format!(
        "kubectl patch placementpolicy default --type merge --patch '{patch}'"
    ))?;
    let over = operator.tries(&format!("helm upgrade {RELEASE}"))?;
    ensure!(
        over.stderr.contains("conflict with \"kubectl-patch\""),
        "{over:?}"
    );
    ensure!(mode(cluster).await? == "Audit");
    operator.runs(&format!("helm upgrade {RELEASE} --force-conflicts"))?;
    berth.load.more_placed(50).await
}

/// Removes the release. The first command leaves what an operator made, the second leaves nothing, and berth can come
/// back after each.
async fn removed(
    cluster: &Cluster,
    operator: &Operator<'_>,
    berth: &Installed,
) -> anyhow::Result<()> {
    let [uninstall] = &commands(PAGE, "Uninstall")?[..] else {
        anyhow::bail!("{PAGE}: one block");
    };
    let (release, definition) = uninstall.split_once('\n').context("two commands")?;
    // Helm's policy goes, and the operator's comes: from then on Helm leaves it alone.
    values(operator, &json!({"policy": null}))?;
    operator.runs(&format!("helm upgrade {RELEASE}"))?;
    ensure!(policies(cluster).await? == 0, "Helm's policy stays");
    operator.runs("kubectl create --save-config --filename deploy/policy.yaml")?;
    operator.runs(&format!("helm upgrade {RELEASE}"))?;
    values(operator, &json!({}))?;
    let over = operator.tries(&format!("helm upgrade {RELEASE}"))?;
    ensure!(!over.success, "Helm took the operator's policy");
    ensure!(over.stderr.contains("PlacementPolicy"), "{over:?}");
    operator.runs(release)?;
    berth.unplaced("berth is not asked any more").await?;
    let kept =
        "customresourcedefinition.apiextensions.k8s.io/placementpolicies.placement.truemark.io";
    only_left(operator, &[kept]).await?;
    ensure!(policies(cluster).await? == 1, "the operator's policy went");
    let [install] = &commands(PAGE, "Install")?[..] else {
        anyhow::bail!("{PAGE}: one block");
    };
    let kept = operator.tries(install)?;
    ensure!(!kept.success, "Helm took the operator's policy");
    ensure!(kept.stderr.contains("cannot be imported"), "{kept:?}");
    values(operator, &json!({"policy": null}))?;
    operator.runs(&format!("helm install {RELEASE} --wait"))?;
    operator.runs(uninstall)?;
    only_left(operator, &[]).await?;
    values(operator, &json!({}))?;

    // One command installs all: the definition comes before the policy, and the policy goes with the release.
    operator.runs(&format!("helm install {RELEASE} --wait"))?;
    ensure!(policies(cluster).await? == 1);
    operator.runs(release)?;
    ensure!(policies(cluster).await? == 0);
    operator.runs(definition)?;
    Ok(())
}

/// With entitlement as a boundary, pods are refused while berth cannot be asked. No such moment occurs as it is
/// switched on and uninstalled under load.
pub(crate) async fn boundary(cluster: &Cluster) -> anyhow::Result<()> {
    can_be_called()?;
    let operator = Operator::new(cluster)?;
    node_pools::apply(&cluster.api).await?;
    namespace(cluster, "bounded", Injection::Enabled).await?;
    let helm = |command: &str| {
        let chart = "berth deploy/charts/berth --namespace berth-system --create-namespace --wait";
        operator.runs(&format!("helm {command} {chart}"))
    };
    let notes = helm("install")?;
    ensure!(notes.contains("kubectl label namespace NAME"), "{notes}");
    let (_, notes) = notes.split_once("NOTES:\n").context("no notes")?;
    for line in notes.lines() {
        ensure!(line.chars().count() <= 80, "{line}");
    }
    let berth = Installed::new(cluster, "bounded").await?;
    helm("upgrade --install --set boundary=true")?;
    ensure!(fails_closed(cluster).await?);
    berth.load.more_placed(50).await?;
    operator.runs("helm uninstall berth --namespace berth-system --wait")?;
    berth.unplaced("berth is not asked any more").await?;
    berth.end().await;
    Ok(())
}

/// Helm takes over a running installation of the kustomization.
pub(crate) async fn from_the_kustomization(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    node_pools::apply(&cluster.api).await?;
    operator.runs("kubectl apply --kustomize deploy")?;
    operator.write("policy.yaml", &audit()?)?;
    operator.runs("kubectl create --save-config --filename policy.yaml")?;
    let _berth = setup(cluster).await?.start().await?;
    let given = eventually("berth fills in what it is to", async || {
        Ok(filled_in(cluster).await.ok())
    })
    .await?;
    run(&operator, "From the kustomization")?;
    ensure!(filled_in(cluster).await? == given);
    ensure!(mode(cluster).await? == "Audit", "Helm took the policy");
    operator.runs("helm uninstall berth --namespace berth-system --wait")?;
    ensure!(policies(cluster).await? == 1, "the operator's policy went");
    operator.runs("kubectl delete --kustomize deploy --ignore-not-found")?;
    only_left(&operator, &[]).await
}

/// True if a webhook refuses pods while berth cannot be asked.
async fn fails_closed(cluster: &Cluster) -> anyhow::Result<bool> {
    let webhooks = installed(&cluster.api).await?;
    Ok(webhooks
        .iter()
        .any(|webhook| webhook["failurePolicy"] == "Fail"))
}

/// Writes the file that the page's commands name, with more values.
fn values(operator: &Operator<'_>, more: &Value) -> anyhow::Result<()> {
    let mut values = json!({"replicas": 3, "extraArgs": ["--log-level=debug"]});
    for (name, value) in more.as_object().into_iter().flatten() {
        values[name] = value.clone();
    }
    operator.write("my-values.yaml", &values.to_string())
}

/// Returns pools of the names that the default rules use.
fn own_pools() -> Value {
    json!([
        {"name": "default", "nodePools": ["amd64-default"], "binding": "Required"},
        {"name": "truemark", "nodePools": ["truemark-amd64"], "binding": "Required"},
        {"name": "batch", "nodePools": ["amd64-batch"], "binding": "Required"},
    ])
}

/// Returns the default policy in Audit, as text.
fn audit() -> anyhow::Result<String> {
    let shipped = std::fs::read_to_string(repository("deploy/policy.yaml"))?;
    Ok(shipped.replace("\n  mode: Enforce\n", "\n  mode: Audit\n"))
}

const POLICY: &str = "/apis/placement.truemark.io/v1alpha1/placementpolicies/default";

/// Returns the mode of the cluster's policy; empty if there is none.
async fn mode(cluster: &Cluster) -> anyhow::Result<String> {
    let policy = cluster.api.get(POLICY).await?.unwrap_or_default();
    Ok(text(&policy, "/spec/mode").to_owned())
}

const DEFINITION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/placementpolicies.placement.truemark.io";

/// Makes the definition that of an older version.
async fn older_definition(cluster: &Cluster) -> anyhow::Result<()> {
    let mut stored = cluster.api.get(DEFINITION).await?.context(DEFINITION)?;
    stored["spec"]["versions"][0]["additionalPrinterColumns"] = json!([]);
    let change = json!({"spec": {"versions": stored["spec"]["versions"]}});
    cluster.api.merge(DEFINITION, &change).await?;
    ensure!(!columns(cluster).await?);
    Ok(())
}

/// True if the definition has what an older one lacks.
async fn columns(cluster: &Cluster) -> anyhow::Result<bool> {
    let stored = cluster.api.get(DEFINITION).await?.context(DEFINITION)?;
    let columns = stored["spec"]["versions"][0]["additionalPrinterColumns"].as_array();
    Ok(columns.is_some_and(|columns| !columns.is_empty()))
}

async fn replicas(cluster: &Cluster) -> anyhow::Result<u64> {
    let path = "/apis/apps/v1/namespaces/berth-system/deployments/berth";
    let deployment = cluster.api.get(path).await?.unwrap_or_default();
    let ready = &deployment["status"]["readyReplicas"];
    ensure!(
        *ready == deployment["spec"]["replicas"],
        "{ready} are ready"
    );
    ready.as_u64().context("readyReplicas")
}

async fn policies(cluster: &Cluster) -> anyhow::Result<usize> {
    let path = "/apis/placement.truemark.io/v1alpha1/placementpolicies";
    Ok(cluster.api.list(path).await?.len())
}
