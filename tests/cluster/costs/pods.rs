//! Pods as a controller makes them, of a given size.

use serde_json::{Value, json};

/// The settings that a container has in its environment.
const SETTINGS: usize = 24;

/// The kind of a pod's controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    ReplicaSet,
    DaemonSet,
}

/// Returns a pod of a controller, of this many bytes as JSON, or a setting more.
pub(super) fn pod(namespace: &str, owner: Owner, bytes: usize) -> Value {
    let mut settings = 0;
    loop {
        let pod = with_settings(namespace, owner, settings);
        if pod.to_string().len() >= bytes {
            return pod;
        }
        settings += 1;
    }
}

fn with_settings(namespace: &str, owner: Owner, settings: usize) -> Value {
    let full = settings / SETTINGS;
    let containers: Vec<Value> = (0..=full)
        .map(|index| {
            let settings = if index < full {
                SETTINGS
            } else {
                settings % SETTINGS
            };
            container(index, settings)
        })
        .collect();
    let kind = match owner {
        Owner::ReplicaSet => "ReplicaSet",
        Owner::DaemonSet => "DaemonSet",
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "storefront-7d9c6b5f8-",
            "namespace": namespace,
            "labels": {
                "app.kubernetes.io/name": "storefront",
                "app.kubernetes.io/part-of": "shop",
                "pod-template-hash": "7d9c6b5f8",
            },
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9102"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": kind, "name": "storefront-7d9c6b5f8",
                "uid": "8f6f6b1e-5a53-4f0b-9f44-8a8c1f0f6f7e", "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "containers": containers,
            "volumes": [
                {"name": "settings", "configMap": {"name": "storefront", "defaultMode": 420}},
                {"name": "scratch", "emptyDir": {}},
            ],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {"runAsNonRoot": true, "fsGroup": 1000},
            "schedulerName": "default-scheduler",
        },
    })
}

fn container(index: usize, settings: usize) -> Value {
    let environment: Vec<Value> = (0..settings)
        .map(|setting| {
            json!({
                "name": format!("STOREFRONT_SETTING_{setting}"),
                "value": format!("{index}-{setting}{}", "-a-value-of-some-length".repeat(8)),
            })
        })
        .collect();
    let probe = |path: &str| {
        json!({
            "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
            "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
        })
    };
    json!({
        "name": format!("part-{index}"),
        "image": "registry.example.com/shop/storefront:2026.11.3",
        "args": ["serve", "--config=/etc/storefront/config.yaml"],
        "ports": [{"name": "http", "containerPort": 8080 + index, "protocol": "TCP"}],
        "env": environment,
        "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}},
        "volumeMounts": [
            {"name": "settings", "mountPath": "/etc/storefront", "readOnly": true},
            {"name": "scratch", "mountPath": "/tmp"},
        ],
        "livenessProbe": probe("/livez"),
        "readinessProbe": probe("/readyz"),
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    })
}
