//! The chart's page, command by command, on a cluster in which pods are created all the while.

use std::net::{IpAddr, SocketAddr, TcpListener};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::api::text;
use crate::harness::berth::Setup;
use crate::harness::cluster::Cluster;
use crate::harness::load::{Load, Report};
use crate::harness::operator::{Operator, commands};
use crate::harness::pki::Authority;
use crate::harness::scene::{Injection, namespace};
use crate::harness::{account, documents, eventually, node_pools, repository};

const PAGE: &str = "deploy/charts/berth/README.md";

const CONFIGURATIONS: [&str; 2] = [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
];

/// The two configurations as they are stored, those that are there.
async fn configurations(cluster: &Cluster) -> anyhow::Result<Vec<Value>> {
    let mut found = Vec::new();
    for kind in CONFIGURATIONS {
        let path = format!("/apis/admissionregistration.k8s.io/v1/{kind}/zz-berth");
        found.extend(cluster.api.get(&path).await?);
    }
    Ok(found)
}

/// The bundles of all their webhooks.
async fn bundles(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let found = configurations(cluster).await?;
    let webhooks = found.iter().flat_map(|found| found["webhooks"].as_array());
    let bundles = webhooks
        .flatten()
        .map(|webhook| text(webhook, "/clientConfig/caBundle").to_owned());
    Ok(bundles.collect())
}

/// Fills in the bundle of every webhook that has none, as berth does itself, or cert-manager, or an operator.
async fn trust(cluster: &Cluster, authority: &Authority) -> anyhow::Result<()> {
    let bundle = STANDARD.encode(authority.pem());
    for configuration in configurations(cluster).await? {
        let webhooks = configuration["webhooks"].as_array().into_iter().flatten();
        let operations: Vec<Value> = webhooks
            .enumerate()
            .map(|(index, _)| {
                let path = format!("/webhooks/{index}/clientConfig/caBundle");
                json!({"op": "add", "path": path, "value": bundle})
            })
            .collect();
        let kind = text(&configuration, "/kind").to_owned();
        let patch = format!("--patch={}", Value::Array(operations));
        let arguments = ["patch", &kind, "zz-berth", "--type=json", &patch];
        let printed = cluster.kubectl(&[&arguments[..], &["--field-manager=berth"]].concat())?;
        ensure!(printed.success, "{printed:?}");
    }
    Ok(())
}

/// The address of berth's Service. Here it is one of this machine, so whoever listens there is called as berth's pods are.
async fn service(cluster: &Cluster) -> anyhow::Result<SocketAddr> {
    let path = "/api/v1/namespaces/berth-system/services/berth";
    let service = cluster.api.get(path).await?.unwrap_or_default();
    let address: IpAddr = text(&service, "/spec/clusterIP").parse()?;
    Ok((address, 443).into())
}

/// What there is of berth, of whatever kind.
fn left(operator: &Operator<'_>) -> anyhow::Result<Vec<String>> {
    let printed = operator.runs(
        "kinds=$(kubectl api-resources --verbs=list,delete --output=name | paste --serial --delimiters=,)
        kubectl get $kinds --all-namespaces --selector=app.kubernetes.io/name=berth --output=name",
    )?;
    Ok(printed.lines().map(str::to_owned).collect())
}

fn run(operator: &Operator<'_>, section: &str) -> anyhow::Result<()> {
    for block in commands(PAGE, section)? {
        operator.runs(&block)?;
    }
    Ok(())
}

/// From the first command to the last; berth itself runs where its Service is, with the rights of its service account, and
/// its configurations are used as Helm made them. No pod is refused; none goes unplaced while berth is only changed.
pub(crate) async fn page(cluster: &Cluster) -> anyhow::Result<()> {
    // Whether a port below 1024 can be had here.
    if let Err(error) = TcpListener::bind("127.96.255.254:443") {
        println!("not run: no port 443 for the Service of berth: {error}");
        return Ok(());
    }
    let operator = Operator::new(cluster)?;
    // Nodes for berth's own pods.
    node_pools::apply(&cluster.api).await?;
    namespace(cluster, "my-team", Injection::Absent).await?;
    run(&operator, "Install")?;
    let second = operator.tries("helm install second deploy/charts/berth --namespace default")?;
    ensure!(
        !second.success && second.stderr.contains("meta.helm.sh/release-name"),
        "{second:?}"
    );

    let authority = Authority::new("berth")?;
    let setup = Setup::new(cluster, "berth-installed", &authority)?
        .serving_at(service(cluster).await?)
        .following(account::kubeconfig(cluster).await?);
    let _berth = setup.start().await?;
    let load = Load::start(cluster, "my-team");
    let unplaced = |before: &Report, now: &Report| now.unplaced >= before.unplaced + 20;
    load.until("pods are created without a bundle", unplaced)
        .await?;
    trust(cluster, &authority).await?;
    load.more_placed(50).await?;

    // Upgraded with other values, rolled back, and upgraded as Helm did before it applied on the server.
    let before = load.report();
    let given = bundles(cluster).await?;
    changed_values(&operator, true)?;
    older_definition(cluster).await?;
    run(&operator, "Upgrade")?;
    ensure!(columns(cluster).await?, "the definition is the older one");
    ensure!(replicas(cluster).await? == 3);
    ensure!(policies(cluster).await? == 1);
    ensure!(bundles(cluster).await? == given);
    load.more_placed(50).await?;
    run(&operator, "Roll back")?;
    ensure!(replicas(cluster).await? == 2);
    ensure!(
        policies(cluster).await? == 0,
        "the policy of the values stays"
    );
    ensure!(bundles(cluster).await? == given);
    load.more_placed(50).await?;
    changed_values(&operator, false)?;
    operator.runs(
        "helm upgrade berth deploy/charts/berth --namespace berth-system --values my-values.yaml --server-side=false",
    )?;
    ensure!(bundles(cluster).await? == given);
    load.more_placed(50).await?;
    ensure!(
        load.report().unplaced == before.unplaced,
        "pods went unplaced"
    );

    // The kill switch, and back.
    let [off, on] = &commands(PAGE, "When berth is in the way")?[..] else {
        anyhow::bail!("{PAGE}: off, on");
    };
    operator.runs(off)?;
    load.until("berth is not asked", unplaced).await?;
    operator.runs(on)?;
    ensure!(bundles(cluster).await? == ["", "", ""]);
    trust(cluster, &authority).await?;
    load.more_placed(50).await?;

    // And out: with the first command what an operator made stays, with the second all is gone.
    operator.runs("kubectl apply --filename deploy/policy.yaml")?;
    let [uninstall] = &commands(PAGE, "Uninstall")?[..] else {
        anyhow::bail!("{PAGE}: one block");
    };
    let (helm, kubectl) = uninstall.split_once('\n').context("two commands")?;
    operator.runs(helm)?;
    load.until("berth is not asked any more", unplaced).await?;
    let definition =
        "customresourcedefinition.apiextensions.k8s.io/placementpolicies.placement.truemark.io";
    eventually("nothing is left of the release", async || {
        Ok((left(&operator)? == [definition]).then_some(()))
    })
    .await?;
    ensure!(
        policies(cluster).await? == 1,
        "the policy of the operator went"
    );
    operator.runs(kubectl)?;
    ensure!(left(&operator)?.is_empty());
    let report = load.stop().await;
    assert_eq!(report.refused, Vec::<String>::new());
    Ok(())
}

/// Helm takes over what the kustomization installed, as it runs.
pub(crate) async fn from_the_kustomization(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    node_pools::apply(&cluster.api).await?;
    operator.runs("kubectl apply --kustomize deploy")?;
    let authority = Authority::new("berth")?;
    trust(cluster, &authority).await?;
    let given = bundles(cluster).await?;
    run(&operator, "From the kustomization")?;
    ensure!(bundles(cluster).await? == given);
    operator.runs("helm uninstall berth --namespace berth-system --wait")?;
    operator.runs("kubectl delete --kustomize deploy --ignore-not-found")?;
    eventually("nothing is left of either", async || {
        Ok(left(&operator)?.is_empty().then_some(()))
    })
    .await
}

/// The file that the page's commands name, with a policy or without.
fn changed_values(operator: &Operator<'_>, policy: bool) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(repository("deploy/policy.yaml"))?;
    let shipped = documents(&text)?.pop().context("deploy/policy.yaml")?;
    let mut values = json!({"replicas": 3, "extraArgs": ["--log-level=debug"]});
    if policy {
        values["policy"] = shipped["spec"].clone();
    }
    operator.write("my-values.yaml", &values.to_string())
}

const DEFINITION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/placementpolicies.placement.truemark.io";

/// Takes something out of the definition, as if it were that of an older version.
async fn older_definition(cluster: &Cluster) -> anyhow::Result<()> {
    let mut stored = cluster.api.get(DEFINITION).await?.context(DEFINITION)?;
    stored["spec"]["versions"][0]["additionalPrinterColumns"] = json!([]);
    let change = json!({"spec": {"versions": stored["spec"]["versions"]}});
    cluster.api.merge(DEFINITION, &change).await?;
    ensure!(!columns(cluster).await?);
    Ok(())
}

/// Whether the definition has what an older one had not.
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
