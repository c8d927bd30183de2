//! What the other tests stand on: snapshots, reviews as an API server sends them, and answers taken apart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth::admission::{self, Answer, Record, review::NotAReview};
use berth::encoding::field::FieldError;
use berth::encoding::yaml;
use berth::node::{Catalogue, NodePool};
use berth::placement::{Reason, Snapshot};
use berth::policy::{embedded_node_pools, read_policy_object};
use serde_json::{Value, json};

/// The namespace of a review that names no other; it has opted in.
pub(crate) const NAMESPACE: &str = "team-a";
/// The `uid` of every review.
pub(crate) const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";

/// A path of the repository.
pub(crate) fn repository(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file of the repository.
pub(crate) fn text_of(path: impl AsRef<Path>) -> String {
    let path = repository(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a directory of the repository, in the order of their paths; none where there is no such directory.
pub(crate) fn files_below(directory: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![repository(directory)];
    while let Some(directory) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The shipped policy as a value.
pub(crate) fn shipped_policy() -> Value {
    yaml::parse(&text_of("deploy/policy.yaml")).unwrap()
}

/// The shipped node pools, each in the shape of the policy's own catalogue entries.
pub(crate) fn shipped_node_pools() -> Vec<Value> {
    let files = files_below("deploy/platforms/karpenter");
    let objects = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "yaml"))
        .flat_map(|file| values_of(&text_of(file)))
        .filter(|object| object["kind"] == "NodePool");
    objects
        .map(|object| {
            let spec = &object["spec"]["template"]["spec"];
            json!({
                "name": object["metadata"]["name"],
                "requirements": spec["requirements"],
                "taints": spec.get("taints").unwrap_or(&json!([])),
            })
        })
        .collect()
}

/// The policy in a file of this repository.
pub(crate) fn policy_of(path: &str) -> Value {
    values_of(&text_of(path)).remove(0)
}

/// The documents of a YAML stream.
pub(crate) fn values_of(stream: &str) -> Vec<Value> {
    yaml::documents(stream)
        .map(|document| yaml::parse(document.text).unwrap())
        .collect()
}

/// The shipped policy, with the fields of its spec that `overrides` names replaced.
pub(crate) fn policy_with(overrides: &Value) -> Value {
    let mut policy = shipped_policy();
    for (field, value) in overrides.as_object().into_iter().flatten() {
        policy["spec"][field] = value.clone();
    }
    policy
}

/// A snapshot of a policy and, where given, node pools: each the name of a shipped one or a catalogue entry.
pub(crate) fn snapshot(
    policy: Value,
    node_pools: Option<&[Value]>,
) -> Result<Snapshot, FieldError> {
    let (policy, mut catalogue) = read_policy_object(policy)?;
    let shipped = embedded_node_pools().unwrap();
    match node_pools {
        Some(listed) => {
            for entry in listed {
                let node_pool = match entry.as_str() {
                    Some(name) => shipped
                        .get(name)
                        .cloned()
                        .unwrap_or_else(|| panic!("no node pool {name} is shipped")),
                    None => NodePool::try_from(
                        yaml::from_value::<berth::node::StaticNodePool>(entry.clone()).unwrap(),
                    )
                    .unwrap(),
                };
                catalogue.insert(node_pool).unwrap();
            }
        }
        None if catalogue == Catalogue::default() => catalogue = shipped,
        None => {}
    }
    let mut snapshot = Snapshot::new(policy, catalogue)?;
    let opted_in = [
        ("kubernetes.io/metadata.name", NAMESPACE),
        ("placement.truemark.io/injection", "enabled"),
    ];
    let labels = Arc::new(opted_in.into_iter().collect());
    Arc::make_mut(&mut snapshot.namespaces).insert(NAMESPACE.into(), labels);
    Ok(snapshot)
}

/// The embedded default, with one namespace that has opted in.
pub(crate) fn default_snapshot() -> Snapshot {
    snapshot(shipped_policy(), None).unwrap()
}

/// A review, with the object as the text that the API server would send.
pub(crate) struct Review {
    /// `apiVersion` of the object.
    pub(crate) api_version: String,
    /// `kind` of the object.
    pub(crate) kind: String,
    /// The fields of the request that differ from the usual ones.
    pub(crate) request: Value,
    /// The object's text.
    pub(crate) object: String,
}

impl Review {
    /// A CREATE of an object that says itself what it is.
    pub(crate) fn of(object: &Value) -> Self {
        let field = |name: &str, usual: &str| object[name].as_str().unwrap_or(usual).to_owned();
        Self {
            api_version: field("apiVersion", "v1"),
            kind: field("kind", "Pod"),
            request: Value::Null,
            object: object.to_string(),
        }
    }

    /// The body of the request.
    pub(crate) fn body(&self) -> Vec<u8> {
        let Self {
            api_version,
            kind,
            request,
            object,
        } = self;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = json!({"group": group, "version": version, "kind": kind});
        let resource = format!("{}s", kind["kind"].as_str().unwrap().to_lowercase());
        let resource = json!({"group": group, "version": version, "resource": resource});
        let mut fields = json!({
            "uid": UID,
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "namespace": NAMESPACE,
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:job-controller",
                "uid": "3f0f5a9c-0b3a-4a57-9a0e-f3b8ac2a6a0b",
                "groups": ["system:serviceaccounts", "system:authenticated"],
            },
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        });
        for (name, value) in request.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        // The object goes in as text: how it is written is part of what is tested.
        let fields = fields.to_string();
        let open = fields.strip_suffix('}').unwrap();
        format!(
            r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{open},"object":{object}}}}}"#
        )
        .into_bytes()
    }
}

/// An answer, taken apart and held against the protocol.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Whether the object was let through.
    pub(crate) allowed: bool,
    /// The message of a denial.
    pub(crate) denial: Option<String>,
    /// The operations of the patch; none where there is no patch.
    pub(crate) patch: Vec<Value>,
    /// What the author is told.
    pub(crate) warnings: Vec<String>,
    /// Why, as the record has it.
    pub(crate) reason: Reason,
    /// The rule, as the record has it.
    pub(crate) rule: Option<String>,
    /// The pool, as the record has it.
    pub(crate) pool: Option<String>,
    /// The mode, as the record has it.
    pub(crate) mode: String,
    /// The names of the checks that found something.
    pub(crate) findings: Vec<String>,
    /// The answer's bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Asks the mutating endpoint.
pub(crate) fn mutate(body: &[u8], snapshot: &Snapshot) -> Reply {
    let reply = taken_apart(admission::mutate(body, snapshot));
    assert!(reply.allowed, "the mutating endpoint never denies");
    reply
}

/// Asks the validating endpoint.
pub(crate) fn validate(body: &[u8], snapshot: &Snapshot) -> Reply {
    let reply = taken_apart(admission::validate(body, snapshot));
    assert!(
        reply.patch.is_empty(),
        "the validating endpoint never patches"
    );
    reply
}

fn taken_apart(answer: Result<Answer<'_>, NotAReview>) -> Reply {
    let Answer { body, record } = answer.unwrap();
    let Record {
        reason,
        mode,
        rule,
        pool,
        patch_bytes,
        allowed,
        findings,
        ..
    } = record;
    let review: Value = serde_json::from_slice(&body).unwrap();
    let response = review["response"].as_object().unwrap();
    assert_eq!(review["kind"], "AdmissionReview");
    assert_eq!(response["uid"], UID);
    assert_eq!(response["allowed"], allowed);
    let known = [
        "uid",
        "allowed",
        "status",
        "patchType",
        "patch",
        "auditAnnotations",
        "warnings",
    ];
    assert!(response.keys().all(|key| known.contains(&key.as_str())));
    // R5.2: both or neither, and never an empty one.
    assert_eq!(
        response.contains_key("patch"),
        response.contains_key("patchType")
    );
    let patch = response.get("patch").map(|patch| {
        assert_eq!(response["patchType"], "JSONPatch");
        let patch = STANDARD.decode(patch.as_str().unwrap()).unwrap();
        assert_eq!(patch.len(), patch_bytes);
        serde_json::from_slice::<Vec<Value>>(&patch).unwrap()
    });
    assert!(patch.as_ref().is_none_or(|patch| !patch.is_empty()));
    let warnings: Vec<String> = response.get("warnings").map_or(Vec::new(), |warnings| {
        serde_json::from_value(warnings.clone()).unwrap()
    });
    // R5.4: few, short, and fit for a header.
    assert!(warnings.len() <= 5, "{warnings:?}");
    for warning in &warnings {
        let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        assert!(
            warning.len() <= 120 && warning.bytes().all(printable),
            "{warning:?}"
        );
    }
    let denial = response.get("status").map(|status| {
        assert_eq!(
            (&status["code"], &status["reason"]),
            (&json!(403), &json!("Forbidden"))
        );
        status["message"].as_str().unwrap().to_owned()
    });
    assert_eq!(denial.is_none(), allowed);
    Reply {
        allowed,
        denial,
        patch: patch.unwrap_or_default(),
        warnings,
        reason,
        rule: rule.map(|rule| rule.to_string()),
        pool: pool.map(|pool| pool.to_string()),
        mode: mode.to_string(),
        findings: findings
            .iter()
            .map(|finding| finding.check.to_string())
            .collect(),
        bytes: body,
    }
}

/// Applies a patch as the API server does.
pub(crate) fn patched(object: &Value, operations: &[Value]) -> Result<Value, String> {
    let patch: json_patch::Patch =
        serde_json::from_value(Value::from(operations)).map_err(|error| error.to_string())?;
    let mut object = object.clone();
    json_patch::patch(&mut object, &patch).map_err(|error| error.to_string())?;
    Ok(object)
}

/// The JSON pointer to the pod, or the pod template, that an object of the kind holds.
pub(crate) fn template_path(kind: &str) -> &'static str {
    match kind {
        "CronJob" => "/spec/jobTemplate/spec/template",
        "Job" | "Deployment" | "StatefulSet" => "/spec/template",
        _ => "",
    }
}
