//! The targets of Prometheus, and its rules.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};

use super::exporter::Exporter;
use crate::harness::api::{Api, text};
use crate::harness::cluster::Cluster;
use crate::harness::process::{Process, free_ports};
use crate::harness::{manifests, repository};

/// A running kube-state-metrics.
pub(super) struct KubeStateMetrics {
    _process: Process,
    port: u16,
}

impl KubeStateMetrics {
    /// Starts it with the flags of the page.
    pub(super) fn start(cluster: &Cluster) -> anyhow::Result<Self> {
        let [port, own] = free_ports()?;
        let page = std::fs::read_to_string(repository("docs/monitoring.md"))?;
        let (_, section) = page
            .split_once("\n### kube-state-metrics\n")
            .context("its section")?;
        let (_, block) = section.split_once("```text\n").context("its flags")?;
        let (flags, _) = block.split_once("```").context("its flags' end")?;
        ensure!(flags.lines().all(|flag| flag.starts_with("--")), "{flags}");
        let mut arguments = vec![
            format!("--kubeconfig={}", cluster.kubeconfig().display()),
            "--host=127.0.0.1".to_owned(),
            format!("--port={port}"),
            "--telemetry-host=127.0.0.1".to_owned(),
            format!("--telemetry-port={own}"),
        ];
        arguments.extend(flags.lines().map(str::to_owned));
        Ok(Self {
            _process: cluster.launch("kube-state-metrics", &arguments, &[])?,
            port,
        })
    }
}

/// Returns the configuration of Prometheus. It scrapes everything that the rules read each second.
pub(super) async fn configuration(
    cluster: &Cluster,
    berths: &[SocketAddr],
    kube_state_metrics: &KubeStateMetrics,
    exporter: &Exporter,
) -> anyhow::Result<Value> {
    let mut jobs = others(cluster, kube_state_metrics.port);
    jobs.push(berth(&cluster.api, berths).await?);
    jobs.push(json!({"job_name": "node-exporter", "http_sd_configs": exporter.discovery()}));
    Ok(json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [rules(cluster)?],
        "scrape_configs": jobs,
    }))
}

/// Returns the job of the replicas. Their labels are those that the operator gives to the targets of a `PodMonitor`, as
/// the shipped one changes them.
async fn berth(api: &Api, addresses: &[SocketAddr]) -> anyhow::Result<Value> {
    let monitor = manifests(&repository(
        "deploy/charts/berth/monitoring/pod-monitor.yaml",
    ))?;
    let monitor = monitor.first().context("no PodMonitor")?;
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    let relabelings = endpoint["relabelings"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    // A field of one word has the same name in Prometheus' own configuration.
    let fields = relabelings
        .iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    ensure!(
        fields
            .clone()
            .all(|field| ["action", "regex"].contains(&field.as_str()))
    );
    let label = text(monitor, "/spec/jobLabel");
    let path = "/api/v1/namespaces/berth-system/pods?labelSelector=app.kubernetes.io/name=berth";
    let pods = api.list(path).await?;
    ensure!(pods.len() == addresses.len(), "{} pods", pods.len());
    let targets = pods.iter().zip(addresses).map(|(pod, address)| {
        json!({"targets": [address.to_string()], "labels": {
            "namespace": "berth-system",
            "pod": text(pod, "/metadata/name"),
            "container": text(pod, "/spec/containers/0/name"),
            "endpoint": endpoint["port"],
            "instance": format!("{}:8080", text(pod, "/metadata/name")),
            "job": pod["metadata"]["labels"][label],
        }})
    });
    Ok(json!({
        "job_name": "podMonitor/berth-system/berth/0",
        "metrics_path": endpoint["path"],
        "honor_labels": endpoint["honorLabels"].as_bool().unwrap_or_default(),
        "relabel_configs": relabelings,
        "static_configs": targets.collect::<Vec<Value>>(),
    }))
}

/// Returns the jobs of the cluster's own parts, with the labels that kube-prometheus-stack and Karpenter's chart give
/// them.
fn others(cluster: &Cluster, kube_state_metrics: u16) -> Vec<Value> {
    let [api_server, karpenter] = cluster.metrics();
    let file = |name: &str| cluster.path().join(name);
    vec![
        json!({
            "job_name": "kube-state-metrics",
            "honor_labels": true,
            "static_configs": [{
                "targets": [format!("127.0.0.1:{kube_state_metrics}")],
                "labels": {
                    "namespace": "monitoring",
                    "pod": "kube-state-metrics",
                    "container": "kube-state-metrics",
                },
            }],
        }),
        json!({
            "job_name": "karpenter",
            "static_configs": [{
                "targets": [karpenter.to_string()],
                "labels": {"namespace": "kube-system", "pod": "karpenter", "container": "controller"},
            }],
        }),
        json!({
            "job_name": "apiserver",
            // Its metrics have megabytes.
            "scrape_interval": "3s",
            "scrape_timeout": "3s",
            "scheme": "https",
            "tls_config": {
                "ca_file": file("ca.crt"),
                "cert_file": file("admin.crt"),
                "key_file": file("admin.key"),
            },
            "static_configs": [{
                "targets": [api_server.to_string()],
                "labels": {"namespace": "default", "service": "kubernetes", "endpoint": "https"},
            }],
        }),
    ]
}

/// Returns the shipped rules as a rule file with seconds in place of minutes: in `for`, and in the age of pods that
/// wait.
fn rules(cluster: &Cluster) -> anyhow::Result<String> {
    let mut groups = Vec::new();
    for mut object in manifests(&repository("deploy/charts/berth/monitoring/rules"))? {
        if let Some(all) = object["spec"]["groups"].as_array_mut() {
            groups.append(all);
        }
    }
    let rules = groups
        .iter_mut()
        .filter_map(|group| group["rules"].as_array_mut());
    for rule in rules.flatten() {
        if rule["for"].is_string() && rule["for"] != "0m" {
            rule["for"] = json!("1s");
        }
        let expr = text(rule, "/expr");
        if expr.contains("unschedulable:age_seconds") {
            rule["expr"] = json!(expr.replace("> 600", "> 5"));
        }
    }
    cluster.write("rules.yaml", &json!({"groups": groups}).to_string())
}
