//! A stand-in for `node_exporter` on nodes that are only node objects: it serves its series for the cluster's nodes.
//!
//! Each node has a pod of the DaemonSet that a chart would make, and the target has the labels of that pod.

use std::fmt::Write;
use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::harness::api::{Api, Persist, text};

/// The namespace of its pods.
const NAMESPACE: &str = "observability";

/// The longest head of a request that is read.
const LONGEST: u64 = 8192;

/// The use of a node, as its series show it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Use {
    pub(super) cpu: f64,
    pub(super) memory: f64,
}

/// Returns the use of a node pool's nodes: those of one are short of CPU, those of another of memory.
pub(super) fn of_node_pool(node_pool: &str) -> Use {
    match node_pool {
        "arm64-default" => Use {
            cpu: 0.9,
            memory: 0.25,
        },
        "amd64-batch" => Use {
            cpu: 0.5,
            memory: 0.875,
        },
        _ => Use {
            cpu: 0.25,
            memory: 0.5,
        },
    }
}

/// A running exporter. Dropping it ends it.
pub(super) struct Exporter {
    port: u16,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Creates the DaemonSet, and serves the series of its pods.
    pub(super) async fn start(api: &Api) -> anyhow::Result<Self> {
        let labels = json!({"app.kubernetes.io/name": "node-exporter"});
        let daemon_set = json!({
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "node-exporter", "namespace": NAMESPACE},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {
                    "tolerations": [{"effect": "NoSchedule", "operator": "Exists"}],
                    "containers": [{"name": "node-exporter", "image": "none"}],
                }},
            },
        });
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE},
        });
        api.apply(&namespace).await?;
        api.create(&daemon_set, Persist::Store).await?.ok()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (api, begin) = (api.clone(), Instant::now());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let api = api.clone();
                tokio::spawn(async move {
                    // A client whose request fails has gone, or asks again.
                    let _ = answer(stream, &api, port, begin).await;
                });
            }
        });
        Ok(Self { port, task })
    }

    /// Returns the part of Prometheus' configuration that finds the targets.
    pub(super) fn discovery(&self) -> Value {
        json!([{
            "url": format!("http://127.0.0.1:{}/targets", self.port),
            "refresh_interval": "1s",
        }])
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request, and closes the connection.
async fn answer(stream: TcpStream, api: &Api, port: u16, begin: Instant) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    let mut head = (&mut stream).take(LONGEST);
    head.read_line(&mut first).await?;
    let mut line = String::new();
    while head.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (kind, body) = match path.strip_prefix("/nodes/") {
        Some(node) => ("text/plain", series(api, node, begin).await?),
        None => ("application/json", targets(api, port).await?.to_string()),
    };
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    Ok(stream.write_all(reply.as_bytes()).await?)
}

/// Returns a target for each pod of the DaemonSet that has a node, with the labels of kube-prometheus-stack.
async fn targets(api: &Api, port: u16) -> anyhow::Result<Value> {
    let pods = api
        .list(&format!("/api/v1/namespaces/{NAMESPACE}/pods"))
        .await?;
    let targets = pods.iter().filter_map(|pod| {
        let node = text(pod, "/spec/nodeName");
        (!node.is_empty()).then(|| {
            json!({
                "targets": [format!("127.0.0.1:{port}")],
                "labels": {
                    "__metrics_path__": format!("/nodes/{node}"),
                    "instance": format!("{node}:9100"),
                    "job": "node-exporter",
                    "namespace": NAMESPACE,
                    "pod": text(pod, "/metadata/name"),
                    "container": "node-exporter",
                },
            })
        })
    });
    Ok(targets.collect())
}

/// Returns the series of a `node_exporter` on this node: two CPUs, 8 GiB, and counters that rise with the clock.
async fn series(api: &Api, node: &str, begin: Instant) -> anyhow::Result<String> {
    let object = api.get(&format!("/api/v1/nodes/{node}")).await?;
    let object = object.context("no such node")?;
    let Use { cpu, memory } =
        of_node_pool(text(&object, "/metadata/labels/karpenter.sh~1nodepool"));
    let seconds = begin.elapsed().as_secs_f64();
    let total = f64::from(1 << 30) * 8.0;
    let available = total * (1.0 - memory);
    let (user, system) = (seconds * cpu * 0.75, seconds * cpu * 0.25);
    // Time that waits for a disk, or that the host takes, is not use.
    let (idle, iowait, steal) = (
        seconds * (1.0 - cpu) * 0.5,
        seconds * (1.0 - cpu) * 0.25,
        seconds * (1.0 - cpu) * 0.25,
    );
    let mut page = format!(
        "node_uname_info{{nodename=\"{node}\",sysname=\"Linux\"}} 1\n\
         node_memory_MemTotal_bytes {total}\n\
         node_memory_MemAvailable_bytes {available}\n"
    );
    for number in 0..2 {
        for (mode, value) in [
            ("user", user),
            ("system", system),
            ("idle", idle),
            ("iowait", iowait),
            ("steal", steal),
        ] {
            writeln!(
                page,
                "node_cpu_seconds_total{{cpu=\"{number}\",mode=\"{mode}\"}} {value}"
            )?;
        }
    }
    Ok(page)
}
