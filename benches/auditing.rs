//! Time and memory of `berth audit` on dumps of growing clusters: pods as kubectl prints them, ten of each Deployment.
//!
//! The dump comes through standard input, so that no disk has to hold it, and is larger than any memory that is allowed.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has failed; what it prints is what it is for"
)]

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The pods of each Deployment.
const PODS: usize = 10;
/// The pods of each node.
const ON_NODE: usize = 20;
/// The pause between two looks at the memory.
const PAUSE: Duration = Duration::from_millis(5);

fn main() {
    println!(
        "{:>10} {:>10} {:>8} {:>8}",
        "workloads", "pods", "seconds", "MiB"
    );
    for workloads in [500, 1000, 2000, 5000] {
        let started = Instant::now();
        let mut berth = Command::new(program::berth())
            .args(["audit", "-", "--as-if-opted-in", "--output=json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("berth");
        let dump = berth.stdin.take().expect("standard input");
        let writing = thread::spawn(move || write(workloads, dump).expect("the dump"));
        let peak = peak(&mut berth);
        writing.join().expect("the dump");
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{workloads:>10} {:>10} {seconds:>8.1} {:>8}",
            workloads * PODS,
            peak / 1024
        );
    }
}

/// Waits until the program ends. Returns the most memory that it held, in KiB.
fn peak(berth: &mut Child) -> u64 {
    let path = format!("/proc/{}/status", berth.id());
    let mut peak = 0;
    loop {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let seen = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = seen.unwrap_or(peak);
        if let Some(status) = berth.try_wait().expect("berth") {
            assert!(status.success(), "{status}");
            return peak;
        }
        thread::sleep(PAUSE);
    }
}

/// Writes the dump of a cluster.
fn write(workloads: usize, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    write!(
        out,
        "{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": ["
    )?;
    let mut item = |value: &Value, separator: &str| -> io::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        write!(out, "{separator}{text}")
    };
    item(
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        "",
    )?;
    for number in 0..workloads * PODS / ON_NODE {
        item(&node(number), ",\n")?;
    }
    for workload in 0..workloads {
        let name = format!("app-{workload:05}");
        item(&maker("Deployment", &name, &Value::Null), ",\n")?;
        let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": true}]);
        item(
            &maker("ReplicaSet", &format!("{name}-5f6c7d8e9"), &owner),
            ",\n",
        )?;
        for number in 0..PODS {
            item(&pod(&name, workload * PODS + number), ",\n")?;
        }
    }
    writeln!(out, "]}}")?;
    out.flush()
}

fn node(number: usize) -> Value {
    let (node_pool, arch) = [
        ("general", "amd64"),
        ("amd64-default", "amd64"),
        ("arm64-default", "arm64"),
    ][number % 3];
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("ip-{number}"), "labels": {
        "karpenter.sh/nodepool": node_pool, "karpenter.sh/capacity-type": "spot", "kubernetes.io/arch": arch,
        "topology.kubernetes.io/zone": format!("us-east-1{}", ["a", "b"][number % 2]),
    }}})
}

fn maker(kind: &str, name: &str, owners: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "ownerReferences": owners},
        "spec": {"replicas": PODS, "template": {"metadata": {"labels": {"app": name}}, "spec": spec()}},
    })
}

fn pod(name: &str, number: usize) -> Value {
    let mut spec = spec();
    spec["nodeName"] = json!(format!("ip-{}", number / ON_NODE));
    let conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"];
    let conditions = conditions.map(|kind| {
        json!({"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"})
    });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("{name}-5f6c7d8e9-{number:05}"), "namespace": "shop",
            "uid": "8f6f6b1e-5a53-4f0b-9f44-8a8c1f0f6f7e", "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"app": name, "pod-template-hash": "5f6c7d8e9"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{name}-5f6c7d8e9"),
                "uid": "8f6f6b1e-5a53-4f0b-9f44-8a8c1f0f6f7e", "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": spec,
        "status": {"phase": "Running", "podIP": "10.0.0.1", "conditions": conditions, "containerStatuses": [{
            "name": "main", "ready": true, "restartCount": 0, "image": "registry.example.com/shop/web:1.2.3",
            "imageID": format!("registry.example.com/shop/web@sha256:{}", "a".repeat(64)),
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        }]},
    })
}

fn spec() -> Value {
    let variables = (0..12).map(|number| {
        json!({"name": format!("VARIABLE_{number}"), "value": format!("a value of a usual length {number}")})
    });
    let probe = json!({
        "httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"},
        "periodSeconds": 10, "failureThreshold": 3, "successThreshold": 1, "timeoutSeconds": 1,
    });
    json!({
        "containers": [{
            "name": "main", "image": "registry.example.com/shop/web:1.2.3", "imagePullPolicy": "IfNotPresent",
            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
            "env": variables.collect::<Vec<_>>(), "livenessProbe": probe, "readinessProbe": probe,
            "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
            "volumeMounts": [{
                "name": "kube-api-access-x7k2p", "readOnly": true,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            }],
        }],
        "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "serviceAccountName": "default", "terminationGracePeriodSeconds": 30, "securityContext": {},
        "tolerations": [{
            "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
        }],
        "volumes": [{"name": "kube-api-access-x7k2p", "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ]}}],
    })
}
