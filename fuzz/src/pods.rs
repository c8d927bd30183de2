//! Workloads made of a fuzzer's bytes: a byte for each choice, so that a changed byte changes one field. They speak of the
//! same labels and values as the generators of the property tests, and of others too.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value, json};

use crate::model::affinities::label_selectors;
use crate::model::labels::LABELS;
use crate::model::names::{
    ARCH, ARCH_LABEL, CPU, CRITICAL_ADDONS, DECISION, HOSTNAME, INJECTION_LABEL, NODE_POOL,
    NODE_POOLS, POOL_LABEL, PREFERRED, REQUIRED, ZONE,
};
use crate::model::workloads::{exempting, workload_of};

type Bytes<'b> = Unstructured<'b>;

/// Makes a pod, or a workload with such a pod as its template.
pub(crate) fn workload(bytes: &mut Bytes<'_>) -> Result<Value> {
    let kind = *bytes.choose(&[
        "Pod",
        "Pod",
        "Pod",
        "Job",
        "CronJob",
        "Deployment",
        "StatefulSet",
    ])?;
    let mut template = Map::new();
    template.insert("spec".to_owned(), spec(bytes)?);
    field(bytes, &mut template, "metadata", metadata)?;
    Ok(workload_of(kind, template.into()))
}

/// Adds a field to a map by a byte: missing, null, or with a value.
fn field(
    bytes: &mut Bytes<'_>,
    map: &mut Map<String, Value>,
    name: &str,
    value: impl FnOnce(&mut Bytes<'_>) -> Result<Value>,
) -> Result<()> {
    let value = match bytes.int_in_range(0..=7_u8)? {
        0 | 1 => return Ok(()),
        2 => Value::Null,
        _ => value(bytes)?,
    };
    map.insert(name.to_owned(), value);
    Ok(())
}

/// Makes a list of up to `most` items.
fn list(
    bytes: &mut Bytes<'_>,
    most: u8,
    item: impl Fn(&mut Bytes<'_>) -> Result<Value>,
) -> Result<Value> {
    let length = bytes.int_in_range(0..=most)?;
    (0..length).map(|_| item(bytes)).collect()
}

fn one_of(bytes: &mut Bytes<'_>, values: &[&str]) -> Result<Value> {
    Ok((*bytes.choose(values)?).into())
}

fn metadata(bytes: &mut Bytes<'_>) -> Result<Value> {
    let mut metadata = Map::new();
    field(bytes, &mut metadata, "labels", labels)?;
    field(bytes, &mut metadata, "annotations", |bytes| {
        let mut annotations = Map::new();
        for key in ["karpenter.sh/do-not-disrupt", DECISION, "example.com/note"] {
            field(bytes, &mut annotations, key, |_| Ok("by hand".into()))?;
        }
        Ok(annotations.into())
    })?;
    field(bytes, &mut metadata, "ownerReferences", |bytes| {
        list(bytes, 2, owner)
    })?;
    field(bytes, &mut metadata, "generateName", |_| Ok("web-".into()))?;
    Ok(metadata.into())
}

fn labels(bytes: &mut Bytes<'_>) -> Result<Value> {
    let mut labels = Map::new();
    let mut add =
        |key, values: &[&str]| field(bytes, &mut labels, key, |bytes| one_of(bytes, values));
    add(POOL_LABEL, &["default", "truemark", "batch", "trumark", ""])?;
    add(ARCH_LABEL, &["amd64", "arm64", "any", "riscv", ""])?;
    add("app", &["web", "tilde~slash/"])?;
    add(INJECTION_LABEL, &["enabled", "disabled"])?;
    Ok(labels.into())
}

fn owner(bytes: &mut Bytes<'_>) -> Result<Value> {
    let (version, kind) = *bytes.choose(&[
        ("batch/v1", "Job"),
        ("apps/v1", "ReplicaSet"),
        ("v1", "ConfigMap"),
        ("argoproj.io/v1alpha1", "Workflow"),
    ])?;
    let is_controller = *bytes.choose(&[Some(true), Some(false), None])?;
    Ok(
        json!({"apiVersion": version, "kind": kind, "name": "o", "uid": "1", "controller": is_controller}),
    )
}

fn spec(bytes: &mut Bytes<'_>) -> Result<Value> {
    let mut spec = Map::new();
    spec.insert(
        "containers".to_owned(),
        json!([{"name": "app", "image": "app"}]),
    );
    field(bytes, &mut spec, "affinity", affinity)?;
    field(bytes, &mut spec, "nodeSelector", |bytes| {
        let mut selector = Map::new();
        for _ in 0..bytes.int_in_range(0..=3_u8)? {
            let (key, values) = *bytes.choose(&LABELS)?;
            selector.insert(key.to_owned(), one_of(bytes, values)?);
        }
        Ok(selector.into())
    })?;
    field(bytes, &mut spec, "tolerations", |bytes| {
        list(bytes, 4, toleration)
    })?;
    field(bytes, &mut spec, "topologySpreadConstraints", |bytes| {
        list(bytes, 2, |bytes| {
            let (key, _) = *bytes.choose(&LABELS)?;
            let when = one_of(bytes, &["DoNotSchedule", "ScheduleAnyway"])?;
            Ok(json!({"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": when}))
        })
    })?;
    let fields = exempting();
    // Most bytes exempt nothing: an exempt pod has nothing to merge.
    if let Some((name, value)) =
        fields.get(usize::from(bytes.int_in_range(0..=63_u8)?).wrapping_sub(1))
    {
        spec.insert((*name).to_owned(), value.clone());
    }
    Ok(spec.into())
}

fn affinity(bytes: &mut Bytes<'_>) -> Result<Value> {
    let mut affinity = Map::new();
    field(bytes, &mut affinity, "nodeAffinity", |bytes| {
        let mut node_affinity = Map::new();
        field(bytes, &mut node_affinity, REQUIRED, |bytes| {
            let mut required = Map::new();
            field(bytes, &mut required, "nodeSelectorTerms", |bytes| {
                list(bytes, 4, term)
            })?;
            Ok(required.into())
        })?;
        field(bytes, &mut node_affinity, PREFERRED, |bytes| {
            list(bytes, 3, |bytes| {
                let weight = *bytes.choose(&[1, 2, 50, 99, 100])?;
                Ok(json!({"weight": weight, "preference": term(bytes)?}))
            })
        })?;
        Ok(node_affinity.into())
    })?;
    for name in ["podAffinity", "podAntiAffinity"] {
        field(bytes, &mut affinity, name, |bytes| {
            let terms = list(bytes, 2, pod_term)?;
            Ok(json!({REQUIRED: terms}))
        })?;
    }
    Ok(affinity.into())
}

fn term(bytes: &mut Bytes<'_>) -> Result<Value> {
    let mut term = Map::new();
    field(bytes, &mut term, "matchExpressions", |bytes| {
        list(bytes, 4, requirement)
    })?;
    if bytes.int_in_range(0..=31_u8)? == 1 {
        let fields = json!([{"key": "metadata.name", "operator": "In", "values": ["n1"]}]);
        term.insert("matchFields".to_owned(), fields);
    }
    Ok(term.into())
}

fn requirement(bytes: &mut Bytes<'_>) -> Result<Value> {
    let (key, values) = *bytes.choose(&LABELS)?;
    let operator = *bytes.choose(&[
        "In",
        "In",
        "NotIn",
        "Exists",
        "DoesNotExist",
        "Near",
        "Gt",
        "Lt",
        "Gte",
        "Lte",
    ])?;
    Ok(match operator {
        "In" | "NotIn" => {
            // berth does not count the values between two bounds, so NotIn stays away from numbers.
            let operator = if key == CPU { "In" } else { operator };
            let values = list(bytes, 3, |bytes| one_of(bytes, values))?;
            json!({"key": key, "operator": operator, "values": values})
        }
        "Gt" | "Lt" | "Gte" | "Lte" => {
            let bound = one_of(bytes, &["4", "7", "8", "0", "x"])?;
            json!({"key": CPU, "operator": operator, "values": [bound]})
        }
        _ => {
            let mut requirement = Map::new();
            requirement.insert("key".to_owned(), key.into());
            requirement.insert("operator".to_owned(), operator.into());
            field(bytes, &mut requirement, "values", |_| Ok(json!([])))?;
            requirement.into()
        }
    })
}

fn pod_term(bytes: &mut Bytes<'_>) -> Result<Value> {
    let key = one_of(bytes, &[HOSTNAME, ZONE])?;
    let mut term = Map::new();
    field(bytes, &mut term, "labelSelector", |bytes| {
        bytes.choose(&label_selectors()).cloned()
    })?;
    field(bytes, &mut term, "namespaces", |bytes| {
        list(bytes, 2, |bytes| one_of(bytes, &["team-a", "team-b"]))
    })?;
    for name in ["matchLabelKeys", "mismatchLabelKeys"] {
        field(bytes, &mut term, name, |bytes| {
            Ok(json!([one_of(bytes, &["app", POOL_LABEL, "tier"])?]))
        })?;
    }
    term.insert("topologyKey".to_owned(), key);
    Ok(term.into())
}

fn toleration(bytes: &mut Bytes<'_>) -> Result<Value> {
    let mut toleration = Map::new();
    let keys = [
        NODE_POOL,
        ARCH,
        CRITICAL_ADDONS,
        "example.com/odd",
        "nvidia.com/gpu",
        "",
    ];
    field(bytes, &mut toleration, "key", |bytes| one_of(bytes, &keys))?;
    field(bytes, &mut toleration, "operator", |bytes| {
        one_of(bytes, &["Equal", "Exists", "", "Gt", "Lt", "Near"])
    })?;
    let is_present = toleration.get("operator") != Some(&json!("Exists"));
    if is_present {
        field(bytes, &mut toleration, "value", |bytes| {
            let values = [&NODE_POOLS[..], &["arm64", "true", "", "900"]].concat();
            one_of(bytes, &values)
        })?;
    }
    field(bytes, &mut toleration, "effect", |bytes| {
        one_of(bytes, &["NoSchedule", "NoExecute", "PreferNoSchedule", ""])
    })?;
    field(bytes, &mut toleration, "tolerationSeconds", |_| {
        Ok(json!(300))
    })?;
    Ok(toleration.into())
}
