//! The laws: what holds for every object, policy and cluster, whoever wrote them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use berth::node::{Catalogue, NodePool};
use berth::placement::{Reason, Snapshot};
use berth::policy::read_policy_spec;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::generate::{self, World};
use crate::reviews::{self, Review};
use crate::scheduler::{self, Labels, items};

/// The laws that an object breaks when it is created in a namespace that has opted in.
pub(crate) fn broken(object: &Value, snapshot: &Snapshot) -> Vec<String> {
    broken_as(object, object.to_string(), snapshot)
}

/// The same for an object that is written in a way of its own.
fn broken_as(object: &Value, text: String, snapshot: &Snapshot) -> Vec<String> {
    let mut review = Review::of(object);
    review.object = text;
    let body = review.body();
    let reply = reviews::mutate(&body, snapshot);
    let mut broken = Vec::new();
    if reviews::mutate(&body, snapshot).bytes != reply.bytes {
        broken.push("deterministic: the same review has two answers".to_owned());
    }
    let _ = reviews::validate(&body, snapshot);
    if reply.patch.is_empty() {
        return broken;
    }
    if reply.mode != "Enforce" {
        broken.push("audit: a decision that is not carried out has a patch".to_owned());
    }
    broken.extend(
        reply
            .patch
            .iter()
            .filter_map(|operation| only_adds(operation, object)),
    );
    let patched = match reviews::patched(object, &reply.patch) {
        Ok(patched) => patched,
        Err(error) => {
            broken.push(format!("always applies: {error}"));
            return broken;
        }
    };
    if let Some(path) = changed(object, &patched, "") {
        broken.push(format!("only add: {path} is not as it was"));
    }
    if let (Ok(()), Err(error)) = (decoded(object), decoded(&patched)) {
        broken.push(format!(
            "always applies: the result does not decode: {error}"
        ));
    }
    let path = reviews::template_path(&review.kind);
    broken.extend(widened(
        &object.pointer(path).unwrap()["spec"],
        &patched.pointer(path).unwrap()["spec"],
    ));
    let again = reviews::mutate(&Review::of(&patched).body(), snapshot);
    let expected = match reply.reason {
        Reason::Placed => Reason::AlreadyPlaced,
        other => other,
    };
    if !again.patch.is_empty() || again.reason != expected {
        broken.push(format!(
            "twice is once: {} after {}, with {:?}",
            again.reason, reply.reason, again.patch
        ));
    }
    broken
}

/// What is wrong with an operation, if anything: it must add something where there is nothing.
fn only_adds(operation: &Value, object: &Value) -> Option<String> {
    let fields: BTreeSet<&str> = operation.as_object()?.keys().map(String::as_str).collect();
    let path = operation["path"].as_str()?;
    // What an earlier operation made is not in the object, so it cannot be hit either.
    let there = object.pointer(path).is_some_and(|value| !value.is_null());
    (operation["op"] != "add" || fields != BTreeSet::from(["op", "path", "value"]) || there)
        .then(|| format!("only add: {operation}"))
}

/// The first place where a value is not what it was, or more: maps keep their entries, lists their beginning.
fn changed(before: &Value, after: &Value, path: &str) -> Option<String> {
    match (before, after) {
        (Value::Null, _) => None,
        (Value::Object(before), Value::Object(after)) => before.iter().find_map(|(key, value)| {
            let path = format!("{path}/{key}");
            match after.get(key) {
                Some(after) => changed(value, after, &path),
                None => Some(path),
            }
        }),
        (Value::Array(before), Value::Array(after)) if before.len() <= after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .find_map(|(index, (before, after))| {
                changed(before, after, &format!("{path}/{index}"))
            }),
        _ => (before != after).then(|| path.to_owned()),
    }
}

/// Whether the API server could read the object.
fn decoded(object: &Value) -> Result<(), String> {
    fn decode<T: serde::de::DeserializeOwned>(object: &Value) -> Result<(), String> {
        serde_json::from_value::<T>(object.clone())
            .map(drop)
            .map_err(|error| error.to_string())
    }
    match object["kind"].as_str() {
        Some("Job") => decode::<Job>(object),
        Some("CronJob") => decode::<CronJob>(object),
        Some("Deployment") => decode::<Deployment>(object),
        Some("StatefulSet") => decode::<StatefulSet>(object),
        _ => decode::<Pod>(object),
    }
}

/// A node that the patched pod may use and the original may not, if one of many is such a node.
fn widened(before: &Value, after: &Value) -> Option<String> {
    let mut values: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for spec in [before, after] {
        for (key, value) in spec["nodeSelector"].as_object().into_iter().flatten() {
            let listed = value.as_str().unwrap_or_default().to_owned();
            values.entry(key).or_default().insert(listed);
        }
        let required =
            &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        for term in items(&required["nodeSelectorTerms"]) {
            for expression in items(&term["matchExpressions"]) {
                let key = expression["key"].as_str().unwrap_or_default();
                let listed = items(&expression["values"]).iter();
                let listed = listed.map(|value| value.as_str().unwrap_or_default().to_owned());
                values.entry(key).or_default().extend(listed);
            }
        }
    }
    // Every value that is mentioned, another one, and none; numbers also one to either side.
    let candidates: Vec<(&str, Vec<Option<String>>)> = values
        .into_iter()
        .map(|(key, mut listed)| {
            let numbers: Vec<i64> = listed
                .iter()
                .filter_map(|value| value.parse().ok())
                .collect();
            for number in numbers {
                listed.insert(number.saturating_sub(1).to_string());
                listed.insert(number.saturating_add(1).to_string());
            }
            listed.insert("another".to_owned());
            (key, listed.into_iter().map(Some).chain([None]).collect())
        })
        .collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..200).find_map(|_| {
        let mut node = Labels::new();
        for (key, values) in &candidates {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let picked = usize::try_from(state >> 33).unwrap() % values.len();
            if let Some(value) = &values[picked] {
                node.insert((*key).to_owned(), value.clone());
            }
        }
        (scheduler::allows(after, &node) && !scheduler::allows(before, &node))
            .then(|| format!("never widen: {node:?}"))
    })
}

/// The same JSON, with every so-manieth letter or slash of its strings as an escape.
fn escaped(text: &str, every: usize) -> String {
    if every == 0 {
        return text.to_owned();
    }
    let (mut written, mut in_string, mut after_backslash, mut count) =
        (String::new(), false, false, 0);
    for char in text.chars() {
        let plain = in_string && !after_backslash && (char.is_ascii_lowercase() || char == '/');
        count += usize::from(plain);
        if plain && count % every == 0 {
            written.extend(format!("\\u{:04x}", u32::from(char)).chars());
            continue;
        }
        if after_backslash {
            after_backslash = false;
        } else if char == '\\' {
            after_backslash = true;
        } else if char == '"' {
            in_string = !in_string;
        }
        written.push(char);
    }
    written
}

/// The recorded objects, each with where it comes from; none where there is no recording.
pub(crate) fn corpus() -> Vec<(String, Value)> {
    let path = std::env::var_os("BERTH_CORPUS").map_or_else(
        || reviews::repository("../shared/corpus/workloads.jsonl"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Vec::new();
    };
    let lines = text.lines().map(|line| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let origin = format!("{} {} {}", entry["repo"], entry["path"], entry["i"]);
        (origin, entry["object"].take())
    });
    lines.collect()
}

/// The recorded objects. Where there are none, `tests/run` reads the notice: a test that sees nothing looks like one that
/// passes.
pub(crate) fn corpus_or_notice(law: &str) -> Vec<(String, Value)> {
    let corpus = corpus();
    if corpus.is_empty() {
        // Not by a macro: what those print, the harness keeps to itself while the test passes.
        let notice =
            format!("not run: {law} on recorded workloads, since BERTH_CORPUS names none\n");
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    corpus
}

pub(crate) fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.max(1024),
        // What a run finds becomes a case, not a file of seeds.
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn generated_workloads_keep_the_laws(
        object in generate::workload(),
        world in World::any(),
        every in prop_oneof![Just(0_usize), 1..9_usize],
    ) {
        let broken = broken_as(&object, escaped(&object.to_string(), every), &world.snapshot());
        prop_assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    /// T38.
    #[test]
    fn any_json_keeps_the_laws(mut object in generate::any_json(), kind in 0..6_usize) {
        let (version, kind) = [
            ("v1", "Pod"),
            ("batch/v1", "Job"),
            ("batch/v1", "CronJob"),
            ("apps/v1", "Deployment"),
            ("apps/v1", "StatefulSet"),
            ("apps/v1", "DaemonSet"),
        ][kind];
        if let Some(object) = object.as_object_mut() {
            object.insert("apiVersion".to_owned(), version.into());
            object.insert("kind".to_owned(), kind.into());
        }
        let mut review = Review::of(&object);
        (review.api_version, review.kind) = (version.to_owned(), kind.to_owned());
        let snapshot = reviews::default_snapshot();
        let reply = reviews::mutate(&review.body(), &snapshot);
        let _ = reviews::validate(&review.body(), &snapshot);
        if !reply.patch.is_empty() {
            let broken = broken(&object, &snapshot);
            prop_assert!(broken.is_empty(), "{}", broken.join("\n"));
        }
    }

    /// Whatever stands in the request beside its `uid`, the object goes through.
    #[test]
    fn any_request_is_let_through(request in generate::any_json(), field in 0..9_usize) {
        let fields = [
            "kind", "subResource", "name", "namespace", "operation", "userInfo", "object", "oldObject", "dryRun",
        ];
        let mut review = Review::of(&Value::Null);
        review.object = "null".to_owned();
        let body = String::from_utf8(review.body()).unwrap();
        let mut body: Value = serde_json::from_str(&body).unwrap();
        body["request"][fields[field]] = request;
        let snapshot = reviews::default_snapshot();
        let body = serde_json::to_vec(&body).unwrap();
        prop_assert!(reviews::mutate(&body, &snapshot).allowed);
        prop_assert!(reviews::validate(&body, &snapshot).allowed);
    }

    /// Whatever the API server has stored as a policy or as a node pool, it is read or refused, and decided by.
    #[test]
    fn any_stored_object_is_read_or_refused(other in generate::any_json(), place in any::<Index>()) {
        let pod = Review::of(&json!({"apiVersion": "v1", "kind": "Pod"})).body();
        let mut spec = reviews::shipped_policy()["spec"].take();
        let mut node_pool = json!({"template": {
            "metadata": {"labels": {"example.com/team": "red"}},
            "spec": {
                "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}],
                "taints": [{"key": "example.com/only", "value": "yes", "effect": "NoSchedule"}],
            },
        }});
        for spec in [&mut spec, &mut node_pool] {
            let mut pointers = pointers(spec);
            let pointer = pointers.swap_remove(place.index(pointers.len()));
            *spec.pointer_mut(&pointer).unwrap() = other.clone();
        }
        let object = json!({"metadata": {"name": "amd64-batch"}, "spec": node_pool});
        let node_pool = NodePool::from_object(object).ok();
        let live: Catalogue = node_pool.map(Arc::new).into_iter().collect();
        for spec in [spec, reviews::shipped_policy()["spec"].take(), other] {
            if let Ok((policy, of_policy)) = read_policy_spec(spec)
                && let Ok(snapshot) = Snapshot::new(policy, of_policy.with(&live))
            {
                prop_assert!(reviews::mutate(&pod, &snapshot).allowed);
            }
        }
    }
}

/// Where there is anything in a value, itself included.
pub(crate) fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut below = |key: &str, value: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        let pointers = pointers(value).into_iter();
        found.extend(pointers.map(|pointer| format!("/{key}{pointer}")));
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| below(&index.to_string(), value)),
        _ => {}
    }
    found
}

#[test]
fn recorded_workloads_keep_the_laws() {
    let corpus = corpus_or_notice("the laws");
    let snapshot = reviews::default_snapshot();
    let mut failures = Vec::new();
    for (origin, object) in &corpus {
        let found = broken(object, &snapshot).into_iter();
        failures.extend(found.map(|law| format!("{origin}: {law}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The laws themselves are tested: each sees what breaks it.
#[test]
fn the_laws_see_what_breaks_them() {
    let pod = serde_json::json!({"spec": {
        "nodeSelector": {"a": "b"},
        "tolerations": [{"key": "x"}, {"key": "y"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{}, {"matchExpressions": [{"key": "c", "operator": "Exists"}]}],
        }}},
    }});
    let with = |pointer: &str, value: Value| {
        let mut changed = pod.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let swapped = with(
        "/spec/tolerations",
        serde_json::json!([{"key": "y"}, {"key": "x"}]),
    );
    assert_eq!(
        changed(&pod, &swapped, ""),
        Some("/spec/tolerations/0/key".to_owned())
    );
    assert_eq!(
        changed(&pod, &with("/spec/nodeSelector", Value::Null), ""),
        Some("/spec/nodeSelector".to_owned())
    );
    let filled = with(
        &format!("{terms}/0"),
        serde_json::json!({"matchExpressions": [{"key": "d", "operator": "Exists"}]}),
    );
    assert_eq!(changed(&pod, &filled, ""), None);
    assert!(widened(&pod["spec"], &filled["spec"]).is_some());
    assert!(widened(&filled["spec"], &pod["spec"]).is_none());
    let replaced = serde_json::json!({"op": "add", "path": "/spec/nodeSelector/a", "value": "c"});
    assert!(only_adds(&replaced, &pod).is_some());
    assert_eq!(
        escaped(r#"{"a/\n":"bc"}"#, 1),
        r#"{"\u0061\u002f\n":"\u0062\u0063"}"#
    );
}
