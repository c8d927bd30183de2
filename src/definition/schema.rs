//! The definition of the custom resource, around the schema of the policy's own types.
//!
//! kube's derive is not used: it would make the core depend on kube, and its schemas would still have to be brought
//! into Kubernetes' form.

use serde_json::{Value, json};

use super::resource::{GROUP, NAME, PLURAL, VERSION};
use super::status::Status;
use crate::encoding::schema::structural;
use crate::names::KIND;
use crate::policy::PolicySpec;

/// Returns the `CustomResourceDefinition`, as the API server accepts it.
#[must_use]
pub fn definition() -> Value {
    let versions = json!([{
        "name": VERSION,
        "served": true,
        "storage": true,
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns(),
        "schema": {"openAPIV3Schema": schema()},
    }]);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{PLURAL}.{GROUP}"),
            "labels": {"app.kubernetes.io/name": "berth"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {
                "kind": KIND,
                "listKind": format!("{KIND}List"),
                "plural": PLURAL,
                "singular": KIND.to_ascii_lowercase(),
                "shortNames": ["pp"],
                "categories": ["berth"],
            },
            "versions": versions,
        },
    })
}

/// Returns the columns that `kubectl get placementpolicies` prints.
fn columns() -> Value {
    let mut message = column(
        "Message",
        ".status.conditions[?(@.type==\"Accepted\")].message",
        "The reason of the Accepted condition in words, with the path of the field that is wrong.",
    );
    message["priority"] = json!(1);
    let mut misspelt = column(
        "Misspelt Namespaces",
        ".status.misspeltNamespaces",
        "The namespaces with misspelt labels of berth's, each with the first fault.",
    );
    misspelt["priority"] = json!(1);
    let mut age = column(
        "Age",
        ".metadata.creationTimestamp",
        "The time since the policy was created.",
    );
    age["type"] = json!("date");
    json!([
        column(
            "Mode",
            ".spec.mode",
            "Enforce if berth changes pods, Audit if it only reports.",
        ),
        column(
            "Accepted",
            ".status.conditions[?(@.type==\"Accepted\")].status",
            "True if the policy is in force.",
        ),
        column(
            "Missing",
            ".status.missing",
            "The node pools that the policy names and the cluster does not have.",
        ),
        column(
            "Not Ready",
            ".status.notReady",
            "The node pools of the policy of which Karpenter makes no nodes now, each with its state.",
        ),
        age,
        misspelt,
        message,
    ])
}

/// Returns a column of text.
fn column(name: &str, path: &str, description: &str) -> Value {
    json!({
        "name": name,
        "type": "string",
        "jsonPath": path,
        "description": description,
    })
}

/// Returns the schema of the whole object.
fn schema() -> Value {
    json!({
        "description": "The rules by which berth places pods on node pools, in the namespaces that opted in. \
            There is one policy, and its name is \"default\". `kubectl explain placementpolicy.spec --recursive` \
            lists its fields.",
        "type": "object",
        "required": ["spec"],
        "x-kubernetes-validations": [{
            "rule": format!("self.metadata.name == '{NAME}'"),
            "message": format!("there is one policy, and its name is \"{NAME}\""),
        }],
        "properties": {
            "spec": structural::<PolicySpec>(),
            "status": structural::<Status>(),
        },
    })
}
