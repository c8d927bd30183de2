//! Reviews as an API server sends them, of the sizes that real pods have, and the usual way to answer them.

use kube::core::DynamicObject;
use kube::core::admission::{AdmissionRequest, AdmissionResponse, AdmissionReview};
use serde_json::{Value, json};

/// A review of a Job's pod on the default batch pool, of about this many bytes.
///
/// A third of the body is `managedFields`, as in a real cluster; the rest is containers with environments.
pub(crate) fn review(bytes: usize) -> Vec<u8> {
    let mut containers = 0;
    loop {
        containers += 1;
        let body = of(containers, 4);
        if body.len() < bytes {
            continue;
        }
        // The last container is as large as it takes to meet the size.
        let variables = (0..=4)
            .rev()
            .find(|variables| of(containers, *variables).len() <= bytes);
        return of(containers, variables.unwrap_or(0));
    }
}

fn of(containers: usize, last: usize) -> Vec<u8> {
    let variables = |container: usize| {
        if container + 1 == containers {
            last
        } else {
            12
        }
    };
    let spec: Vec<Value> = (0..containers)
        .map(|index| container(index, variables(index)))
        .collect();
    let fields: serde_json::Map<String, Value> = (0..containers)
        .map(|index| {
            (
                format!("k:{{\"name\":\"worker-{index}\"}}"),
                managed_container(variables(index)),
            )
        })
        .collect();
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "nightly-report-28912345-",
            "namespace": "analytics",
            "creationTimestamp": null,
            "labels": {
                "app.kubernetes.io/name": "nightly-report",
                "batch.kubernetes.io/controller-uid": "8f6f6b1e-5a53-4f0b-9f44-8a8c1f0f6f7e",
                "batch.kubernetes.io/job-name": "nightly-report-28912345",
                "team": "analytics",
            },
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9102"},
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "Job", "name": "nightly-report-28912345",
                "uid": "8f6f6b1e-5a53-4f0b-9f44-8a8c1f0f6f7e", "controller": true, "blockOwnerDeletion": true,
            }],
            "finalizers": ["batch.kubernetes.io/job-tracking"],
            "managedFields": [{
                "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
                "time": "2026-11-23T10:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:team": {}}}, "f:spec": {"f:containers": fields}},
            }],
        },
        "spec": {
            "volumes": [{"name": "kube-api-access-x7k2p", "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            ]}}],
            "containers": spec,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "nightly-report",
            "serviceAccount": "nightly-report",
            "securityContext": {"runAsNonRoot": true, "fsGroup": 1000},
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-west-1a", "eu-west-1b"]}]},
            ]}}},
            "schedulerName": "default-scheduler",
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            ],
            "priority": 0,
            "enableServiceLinks": true,
            "preemptionPolicy": "PreemptLowerPriority",
        },
        "status": {},
    });
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
            "namespace": "analytics",
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:job-controller",
                "uid": "c9f3a9d2-0c6a-4a0e-8f2b-1d1de5f4a001",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
            },
            "object": pod,
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    });
    serde_json::to_vec(&review).expect("a value is always JSON")
}

fn container(index: usize, variables: usize) -> Value {
    let environment: Vec<Value> = (0..variables)
        .map(|variable| json!({"name": format!("REPORT_SETTING_{variable}"), "value": format!("value-{index}-{variable}-of-some-length")}))
        .collect();
    json!({
        "name": format!("worker-{index}"),
        "image": "registry.example.com/analytics/nightly-report:2026.11.3",
        "command": ["/app/report", "--section", format!("{index}")],
        "env": environment,
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "volumeMounts": [{"name": "kube-api-access-x7k2p", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    })
}

fn managed_container(variables: usize) -> Value {
    let environment: serde_json::Map<String, Value> = (0..variables)
        .map(|variable| {
            (
                format!("k:{{\"name\":\"REPORT_SETTING_{variable}\"}}"),
                json!({".": {}, "f:name": {}, "f:value": {}}),
            )
        })
        .collect();
    json!({".": {}, "f:command": {}, "f:env": environment, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
        "f:resources": {".": {}, "f:limits": {".": {}, "f:memory": {}}, "f:requests": {".": {}, "f:cpu": {}, "f:memory": {}}}})
}

/// How most webhooks in Rust answer: the whole object as a value tree, edited, and the difference taken.
pub(crate) fn usual(body: &[u8]) -> Vec<u8> {
    let review: AdmissionReview<DynamicObject> = serde_json::from_slice(body).expect("a review");
    let request: AdmissionRequest<DynamicObject> = review.try_into().expect("a request");
    let object = serde_json::to_value(request.object.as_ref().expect("an object")).expect("JSON");
    let mut edited = object.clone();
    edited["metadata"]["labels"]["placement.truemark.io/pool"] = json!("batch");
    edited["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] = json!("true");
    edited["metadata"]["annotations"]["placement.truemark.io/decision"] =
        json!("placed: rule=jobs pool=batch nodePools=amd64-batch architectures=amd64");
    edited["spec"]["nodeSelector"] = json!({"karpenter.sh/nodepool": "amd64-batch"});
    let tolerations = edited["spec"]["tolerations"]
        .as_array_mut()
        .expect("tolerations");
    tolerations.push(json!({"key": "karpenter.sh/nodepool", "operator": "Equal", "value": "amd64-batch", "effect": "NoSchedule"}));
    let terms = &mut edited["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let expressions = terms["nodeSelectorTerms"][0]["matchExpressions"]
        .as_array_mut()
        .expect("expressions");
    expressions.push(json!({"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}));
    let patch = json_patch::diff(&object, &edited);
    let response = AdmissionResponse::from(&request)
        .with_patch(patch)
        .expect("a patch");
    serde_json::to_vec(&response.into_review()).expect("JSON")
}
