//! The chart renders the objects of the kustomization, and none that the API server would refuse.

use std::collections::BTreeMap;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::harness::api::text;
use crate::harness::cluster::Cluster;
use crate::harness::operator::Operator;
use crate::harness::scene::{Injection, definition, namespace};
use crate::harness::{documents, manifests};

/// The labels that a chart's objects have by convention, among them the name. Some objects of the kustomization lack
/// them.
const LABELS: [&str; 5] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
];

/// Reads the objects of a YAML stream, by kind, namespace and name, without these labels.
fn by_name(stream: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut objects = BTreeMap::new();
    for mut object in documents(stream)? {
        let metadata = &mut object["metadata"];
        if let Some(labels) = metadata["labels"].as_object_mut() {
            labels.retain(|key, _| !LABELS.contains(&key.as_str()));
        }
        if metadata["labels"]
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
            && let Some(metadata) = metadata.as_object_mut()
        {
            metadata.remove("labels");
        }
        let name = ["/kind", "/metadata/namespace", "/metadata/name"].map(|at| text(&object, at));
        let name = name.join(" ");
        ensure!(!objects.contains_key(&name), "twice: {name}");
        objects.insert(name, object);
    }
    Ok(objects)
}

/// A user's own kustomization, as the page on monitoring has it.
const MONITORED: &str = "
resources:
- ../deploy
components:
- ../deploy/monitoring
- ../deploy/monitoring/dashboard
";

/// The same on CAST AI, as the page of that platform has it.
const ON_CAST_AI: &str = "
resources:
- ../deploy
components:
- ../deploy/platforms/cast-ai/berth
";

/// The same with a split pool, as the page on splits has it.
const COUNTING: &str = "
resources:
- ../deploy
components:
- ../deploy/count-pods
";

/// The same with the policy for the network, as its page has it.
const FENCED: &str = "
resources:
- ../deploy
components:
- ../deploy/network-policy
";

/// Kustomizations, and the values of the chart for the same.
const KUSTOMIZATIONS: [(&str, &str); 9] = [
    ("deploy", ""),
    (
        "deploy/overlays/cert-manager",
        "--set certificate.source=cert-manager",
    ),
    (
        "deploy/overlays/mounted-certificate",
        "--set certificate.source=secret",
    ),
    (
        "deploy/overlays/cronjob-templates",
        "--set cronJobTemplates=true",
    ),
    ("deploy/overlays/boundary", "--set boundary=true"),
    ("counting", "--set countPods=true"),
    (
        "monitored",
        "--set monitoring.prometheus=true --set monitoring.dashboard=true",
    ),
    ("fenced", "--set networkPolicy.enabled=true"),
    (
        "on-cast-ai",
        r#"--set-json 'nodePreferences=[{"weight": 50, "preference": {"matchExpressions": [{"key": "scheduling.cast.ai/spot", "operator": "NotIn", "values": ["true"]}]}}]'"#,
    ),
];

/// Each overlay has its values, and both give the same objects. Only the namespace is missing: a release has one
/// already. The policy is a step of its own with kustomize.
pub(crate) async fn same_as_the_kustomization(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    let own = [
        ("counting", COUNTING),
        ("monitored", MONITORED),
        ("on-cast-ai", ON_CAST_AI),
        ("fenced", FENCED),
    ];
    for (directory, text) in own {
        operator.runs(&format!("mkdir {directory}"))?;
        operator.write(&format!("{directory}/kustomization.yaml"), text)?;
    }
    for (directory, values) in KUSTOMIZATIONS {
        let rendered = operator.runs(&format!(
            "helm template berth deploy/charts/berth --namespace berth-system --include-crds {values}"
        ))?;
        let mut rendered = by_name(&rendered)?;
        ensure!(rendered.remove("PlacementPolicy  default").is_some());
        let mut built = by_name(&operator.runs(&format!("kubectl kustomize {directory}"))?)?;
        ensure!(built.remove("Namespace  berth-system").is_some());
        ensure!(
            rendered.keys().eq(built.keys()),
            "{directory}: {:?} and {:?}",
            rendered.keys(),
            built.keys()
        );
        for (name, object) in &built {
            let other = &rendered[name];
            ensure!(
                other == object,
                "{directory}: {name}:\n{other:#}\n{object:#}"
            );
        }
        for object in rendered.values() {
            for webhook in object["webhooks"].as_array().into_iter().flatten() {
                ensure!(webhook["clientConfig"].get("caBundle").is_none());
            }
        }
    }
    Ok(())
}

/// Sets of values: each value alone, and all of them at once.
pub(super) const VARIANTS: [(&str, &str); 8] = [
    ("nothing set", ""),
    (
        "an image of one's own",
        "
image:
  repository: registry.example.com/berth
  tag: v1
  digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  pullPolicy: Always
  pullSecrets: ['007']
",
    ),
    (
        "a node of one's own",
        "
replicas: 1
hostNetwork: true
priorityClassName: ''
nodeSelector: {example.com/system: 'true', kubernetes.io/os: windows}
tolerations: [{key: example.com/system, operator: Exists}]
nodePreferences:
- weight: 7
  preference: {matchExpressions: [{key: example.com/quiet, operator: In, values: ['true']}]}
resources: {requests: {cpu: 100m}}
",
    ),
    (
        "pods of one's own",
        "
podLabels: {team: platform, app.kubernetes.io/name: other}
podAnnotations: {example.com/scrape: 'true'}
extraArgs: [--log-level=debug]
excludedNamespaces: [network-system]
",
    ),
    (
        "cert-manager and both switches",
        "
certificate: {source: cert-manager, secretName: '1e3'}
cronJobTemplates: true
boundary: true
",
    ),
    (
        "a policy for the network",
        "
networkPolicy:
  enabled: true
  controlPlane: [10.0.0.0/16, 'fd00::/8']
  metrics: [{podSelector: {matchLabels: {app: agent}}, namespaceSelector: {}}]
  apiServerPorts: [6443]
",
    ),
    (
        "what Prometheus and Grafana read",
        "
monitoring:
  prometheus: true
  dashboard: true
  labels: {release: kube-prometheus-stack, app.kubernetes.io/name: other}
",
    ),
    (
        "a Secret and a policy",
        "
certificate: {source: secret, secretName: '1e3'}
countPods: true
policy:
  architectures: {known: [amd64, arm64], default: amd64}
  pools: [{name: default, nodePools: [general], onDemand: {nodePools: [steady], baseCapacity: 2}}]
  rules: [{name: rest, place: {pool: default}}]
",
    ),
];

/// The API server accepts the chart with every set of values, field by field, and the values reach the fields that they
/// are meant for.
pub(crate) async fn renderings(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    cluster.define(&[definition()?]).await?;
    let certificates = cluster.programs.join("platform-crds/cert-manager");
    cluster.define(&manifests(&certificates)?).await?;
    let definitions = cluster.programs.join("platform-crds/prometheus-operator");
    for kind in ["podmonitors", "prometheusrules"] {
        let file = definitions.join(format!("monitoring.coreos.com_{kind}.yaml"));
        cluster.define(&manifests(&file)?).await?;
    }
    // The release has another namespace than the usual one, whose name YAML does not take for a text.
    namespace(cluster, "2026", Injection::Absent).await?;
    let mut rendered = BTreeMap::new();
    for (name, values) in VARIANTS {
        operator.write("variant.yaml", values)?;
        let chart = "deploy/charts/berth --namespace 2026 --values variant.yaml";
        operator.runs(&format!("helm lint --strict {chart}"))?;
        let objects = operator.runs(&format!("helm template berth {chart} | tee objects.yaml"))?;
        operator
            .runs("kubectl apply --server-side --dry-run=server --filename objects.yaml")
            .map_err(|error| error.context(name))?;
        for (object, value) in by_name(&objects)? {
            let namespace = text(&value, "/metadata/namespace");
            ensure!(namespace.is_empty() || namespace == "2026", "{object}");
            let webhooks = value["webhooks"].as_array().into_iter().flatten();
            // A policy is in no namespace.
            for webhook in webhooks.filter(|one| one["name"] != "policies.placement.truemark.io") {
                let excluded = &webhook["namespaceSelector"]["matchExpressions"][0]["values"];
                let excluded = excluded.as_array().cloned().unwrap_or_default();
                ensure!(excluded.contains(&"2026".into()), "{excluded:?}");
                let wanted = values.contains("network-system");
                ensure!(
                    excluded.contains(&"network-system".into()) == wanted,
                    "{excluded:?}"
                );
            }
            rendered.insert(format!("{name}: {object}"), value);
        }
    }
    let pod =
        |variant: &str| &rendered[&format!("{variant}: Deployment 2026 berth")]["spec"]["template"];
    let image = &pod("an image of one's own")["spec"];
    assert_eq!(
        image["containers"][0]["image"],
        "registry.example.com/berth:v1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    );
    assert_eq!(image["containers"][0]["imagePullPolicy"], "Always");
    assert_eq!(image["imagePullSecrets"][0]["name"], "007");
    let node = &pod("a node of one's own")["spec"];
    assert_eq!(node["dnsPolicy"], "ClusterFirstWithHostNet");
    assert_eq!(node["hostNetwork"], true);
    assert!(node.get("priorityClassName").is_none());
    // A value cannot ask for what the image cannot do.
    assert_eq!(node["nodeSelector"]["kubernetes.io/os"], "linux");
    assert_eq!(node["nodeSelector"]["example.com/system"], "true");
    assert_eq!(node["tolerations"][1]["key"], "example.com/system");
    let preferred =
        &node["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    assert_eq!(preferred[3]["weight"], 7);
    let pods = pod("pods of one's own");
    assert_eq!(
        pods["metadata"]["labels"]["app.kubernetes.io/name"],
        "berth"
    );
    assert_eq!(pods["metadata"]["labels"]["team"], "platform");
    let annotations = &pods["metadata"]["annotations"];
    assert_eq!(annotations["example.com/scrape"], "true");
    let arguments = pods["spec"]["containers"][0]["args"].as_array();
    let last = arguments.and_then(|arguments| arguments.last().cloned());
    assert_eq!(last, Some("--log-level=debug".into()));
    let mounted = &pod("a Secret and a policy")["spec"]["volumes"][0]["secret"];
    assert_eq!(mounted["secretName"], "1e3");
    let certificate = &rendered["cert-manager and both switches: Certificate 2026 berth"];
    assert_eq!(certificate["spec"]["secretName"], "1e3");
    assert_eq!(certificate["spec"]["dnsNames"][0], "berth.2026.svc");
    for object in [
        "PodMonitor 2026 berth",
        "PrometheusRule 2026 berth",
        "PrometheusRule 2026 berth-node-pools",
    ] {
        let object = &rendered[&format!("what Prometheus and Grafana read: {object}")];
        let labels = &object["metadata"]["labels"];
        assert_eq!(*labels, json!({"release": "kube-prometheus-stack"}));
    }
    let bounded = &rendered["cert-manager and both switches: PlacementPolicy  default"];
    for check in ["notEntitled", "boundByAuthor", "wildcardToleration"] {
        assert_eq!(bounded["spec"]["validation"][check], "Deny");
    }
    let fence = &rendered["a policy for the network: NetworkPolicy 2026 berth"]["spec"];
    let control_plane = json!([
        {"ipBlock": {"cidr": "10.0.0.0/16"}},
        {"ipBlock": {"cidr": "fd00::/8"}},
    ]);
    assert_eq!(fence["ingress"][0]["from"], control_plane);
    let readers = fence["ingress"][1]["from"].as_array();
    assert_eq!(readers.map(Vec::len), Some(3));
    assert_eq!(fence["egress"][0]["ports"][0]["port"], 6443);
    let policy = &rendered["a Secret and a policy: PlacementPolicy  default"];
    assert_eq!(policy["spec"]["pools"][0]["nodePools"][0], "general");
    Ok(())
}

/// Values that are refused, and the word of the message that names them.
const REFUSED: [(&str, &str); 25] = [
    ("replica=3", "replica"),
    ("replicas=0", "/replicas"),
    ("replicas=two", "/replicas"),
    ("certificate.source=letsencrypt", "/certificate/source"),
    ("certificate.secret=tls", "/certificate"),
    (
        "certificate.secretName=Not_A_Name",
        "/certificate/secretName",
    ),
    ("image.digest=latest", "/image/digest"),
    ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
    ("mode=Audti", "/mode"),
    ("policy=default", "/policy"),
    ("policy.mode=Audti", "/policy/mode"),
    ("policy.poools=1", "poools"),
    ("policy.rules=null", "rules"),
    (
        "policy.validation.unschedulable=false",
        "/policy/validation/unschedulable",
    ),
    (
        "policy.pools[0].nodePools[0]=general",
        "missing property 'name'",
    ),
    (
        "policy.pools[0].name=own,policy.pools[0].nodePools[0]=general",
        "policy.rules[1] (jobs): place.pool is \"batch\", and the pools of the policy are own",
    ),
    ("mode=Audit,policy=null", "policy is null"),
    ("boundary=yes", "/boundary"),
    ("monitoring.prometheus=yes", "/monitoring/prometheus"),
    ("monitoring.enabled=true", "/monitoring"),
    ("extraArgs[0]=debug", "/extraArgs/0"),
    ("nodePreferences[0].weight=0", "/nodePreferences/0"),
    ("failurePolicy=Fail", "failurePolicy"),
    (
        "networkPolicy.controlPlane[0]=10.0.0.1",
        "/networkPolicy/controlPlane/0",
    ),
    (
        "networkPolicy.enabled=true,hostNetwork=true",
        "networkPolicy.enabled: a NetworkPolicy has no effect",
    ),
];

/// A value that does not exist, or cannot be, is refused by its name.
pub(crate) async fn refused_values(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    for (value, field) in REFUSED {
        let command = format!("helm template berth deploy/charts/berth --set '{value}'");
        let printed = operator.tries(&command)?;
        ensure!(!printed.success, "{value} is taken");
        ensure!(
            printed.stderr.contains(field),
            "{value}: {}",
            printed.stderr
        );
    }
    Ok(())
}

/// A package has all files of the directory, but for those for readers of the repository.
pub(crate) async fn package(cluster: &Cluster) -> anyhow::Result<()> {
    let operator = Operator::new(cluster)?;
    let template = "helm template berth --namespace berth-system --include-crds";
    let printed = operator.runs(&format!(
        "helm package deploy/charts/berth --destination packaged
        {template} packaged/berth-*.tgz > packaged.yaml
        {template} deploy/charts/berth > directory.yaml
        cmp packaged.yaml directory.yaml
        tar --list --file packaged/berth-*.tgz"
    ))?;
    ensure!(printed.contains("berth/README.md"), "{printed}");
    ensure!(!printed.contains(".helmignore"), "{printed}");
    Ok(())
}
