//! The cases: each behaviour is a document of `tests/cases/*.yaml`, with its input and its outcome. The findings of the
//! checks are documents of `tests/cases/validation/*.yaml`.
//!
//! A case has the fields of [`Case`] and [`Expect`]. An outcome that it does not name must not occur: no patch, no
//! warning, no denial.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use berth::admission::{judge, review};
use berth::encoding::yaml;
use berth::placement::{Reason, Snapshot};
use berth::pod::{Kind, Workload};
use berth::validation::Check;
use serde::Deserialize;
use serde_json::{Value, json};

use super::complaints::Complaints;
use super::documents::documents;
use super::laws;
use crate::harness::repository;
use crate::harness::review::Review;
use crate::harness::snapshots::{self, NAMESPACE};
use crate::harness::verdict::{self, Verdict};

/// A case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    /// The behaviour, as a sentence.
    name: String,
    /// The rules of `docs/rules.md` that it shows.
    #[serde(default)]
    rule: Vec<String>,
    /// Fields of the policy's spec that replace those of the default policy.
    #[serde(default)]
    policy: Value,
    /// A file of the repository whose policy is meant instead of the default one.
    #[serde(default)]
    policy_file: Option<String>,
    /// The cluster's node pools: names of shipped ones, as in `eks-auto-mode/critical`, NodePool
    /// objects, or entries as in a policy's catalogue. Absent: those shipped.
    #[serde(default)]
    node_pools: Option<Vec<Value>>,
    /// The namespaces whose labels are known. Absent: `team-a`, which has opted in.
    #[serde(default)]
    namespaces: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// The namespace that berth runs in.
    #[serde(default)]
    own_namespace: Option<String>,
    /// Fields of the request that replace those of a CREATE in `team-a`.
    #[serde(default)]
    request: Value,
    /// The object; a Pod unless it says otherwise.
    #[serde(default)]
    object: Value,
    /// The object as text, if YAML cannot say it.
    #[serde(default)]
    object_text: Option<String>,
    /// A file of `tests/fixtures` that holds the whole review instead.
    #[serde(default)]
    fixture: Option<String>,
    expect: Expect,
}

/// The expectations of a case: of the mutating endpoint and, in `validate`, of the validating one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expect {
    /// The reason. A case without it does not ask the mutating endpoint.
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    pool: Option<String>,
    #[serde(default)]
    node_pools: Vec<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    mode: Option<String>,
    /// The operations, all of them and in order.
    #[serde(default)]
    patch: Option<Vec<Value>>,
    /// A part of the patched object: its maps may hold more, its lists may not.
    #[serde(default)]
    after: Option<Value>,
    #[serde(default)]
    validate: Option<Validate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validate {
    /// The message of the denial.
    #[serde(default)]
    denied: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    /// The checks that found something, be they denied, warned of or only counted.
    #[serde(default)]
    findings: Vec<String>,
}

/// Reads every case: those of placement, and those of each check.
fn cases() -> Vec<(String, Case)> {
    let mut cases = documents("tests/cases");
    cases.extend(documents("tests/cases/validation"));
    cases
}

#[test]
fn every_case_holds() {
    let mut failures = Vec::new();
    for (place, case) in cases() {
        let mut complaints = case.complaints();
        if let Some(last) = complaints.last_mut() {
            last.push('\n');
        }
        failures.extend(
            complaints
                .iter()
                .map(|complaint| format!("{place}: {}: {complaint}", case.name)),
        );
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_reason_has_a_case() {
    let cases = cases();
    let shown: BTreeSet<&str> = cases
        .iter()
        .filter_map(|(_, case)| case.expect.reason.as_deref())
        .collect();
    for reason in Reason::ALL {
        let wanted = *reason != Reason::InternalError;
        assert_eq!(shown.contains(reason.as_str()), wanted, "{reason}");
    }
}

#[test]
fn every_check_finds_something_in_a_case_of_its_own_file() {
    for check in Check::ALL {
        let file = format!("tests/cases/validation/{check}.yaml");
        let text = repository::text_of(&file);
        let finds = yaml::documents(&text).any(|document| {
            let case: Case = yaml::parse_as(document.text).unwrap();
            let validate = case.expect.validate;
            validate
                .is_some_and(|validate| validate.findings.iter().any(|name| name == check.as_str()))
        });
        assert!(finds, "{file} has no case in which {check} finds anything");
    }
}

/// Each rule of `docs/rules.md` that a case can show has one.
#[test]
fn every_rule_has_a_case() {
    let tests = (1..=18).chain(21..=24).chain(25..=31).chain([37, 40]);
    let wanted = tests
        .map(|number| format!("T{number}"))
        .chain((1..=7).map(|number| format!("R3.{number}")))
        .chain((9..=11).map(|number| format!("R3.{number}")))
        .chain((1..=12).map(|number| format!("R4.{number}")))
        .chain((1..=7).map(|number| format!("R7.{number}")))
        .chain((9..=12).map(|number| format!("R7.{number}")))
        .chain(["R1.5".to_owned()]);
    let cases = cases();
    let named: BTreeSet<&str> = cases
        .iter()
        .flat_map(|(_, case)| &case.rule)
        .map(String::as_str)
        .collect();
    let missing: Vec<String> = wanted
        .filter(|rule| !named.contains(rule.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_two_cases_share_a_name() {
    let mut seen = BTreeSet::new();
    for (place, case) in cases() {
        assert!(seen.insert(case.name.clone()), "{place}: {}", case.name);
    }
}

impl Case {
    fn snapshot(&self) -> Snapshot {
        let policy = match &self.policy_file {
            Some(file) => repository::value_of(file),
            None => repository::policy_with(&self.policy),
        };
        let mut snapshot = snapshots::snapshot(policy, self.node_pools.as_deref())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        if let Some(namespaces) = &self.namespaces {
            let known = namespaces.iter().map(|(name, labels)| {
                (
                    name.as_str().into(),
                    Arc::new(labels.clone().into_iter().collect()),
                )
            });
            snapshot.namespaces = Arc::new(known.collect());
        }
        snapshot.own_namespace = self.own_namespace.as_deref().map(Arc::from);
        snapshot
    }

    /// Returns the review's body, and the object in it.
    fn review(&self) -> (Vec<u8>, Value) {
        if let Some(fixture) = &self.fixture {
            let text = repository::text_of(format!("tests/fixtures/{fixture}"));
            let review: Value = serde_json::from_str(&text).unwrap();
            return (text.into_bytes(), review["request"]["object"].clone());
        }
        let mut object = self.object.clone();
        if object.is_object() {
            for (field, usual) in [("apiVersion", "v1"), ("kind", "Pod")] {
                if object.get(field).is_none() {
                    object[field] = usual.into();
                }
            }
        }
        let mut review = Review::of(&object);
        review.request = self.request.clone();
        if let Some(text) = &self.object_text {
            review.object.clone_from(text);
        }
        (review.body(), object)
    }

    fn complaints(&self) -> Vec<String> {
        let Self {
            expect, request, ..
        } = self;
        let snapshot = self.snapshot();
        let (body, object) = self.review();
        let mut complaints = Complaints(Vec::new());
        if let Some(reason) = &expect.reason {
            let verdict = verdict::mutate(&body, &snapshot);
            complaints.compare("reason", &json!(reason), &json!(verdict.reason.as_str()));
            complaints.compare("rule", &json!(expect.rule), &json!(verdict.rule));
            complaints.compare("pool", &json!(expect.pool), &json!(verdict.pool));
            let mode = expect.mode.as_deref().unwrap_or("Enforce");
            complaints.compare("mode", &json!(mode), &json!(verdict.mode));
            complaints.compare("warnings", &json!([]), &json!(verdict.warnings));
            let (node_pools, architectures) = placement(&body, &snapshot);
            complaints.compare("nodePools", &json!(expect.node_pools), &json!(node_pools));
            complaints.compare(
                "architectures",
                &json!(expect.architectures),
                &json!(architectures),
            );
            self.judge_patch(&verdict, &object, &mut complaints);
            if object.is_object() && request.is_null() && self.fixture.is_none() {
                complaints.0.extend(laws::broken(&object, &snapshot));
            }
        } else if expect.validate.is_none() {
            complaints
                .0
                .push("expects nothing: name a reason, or what validate says".to_owned());
        }
        if let Some(validate) = &expect.validate {
            let verdict = verdict::validate(&body, &snapshot);
            complaints.compare("denied", &json!(validate.denied), &json!(verdict.denial));
            complaints.compare(
                "warnings",
                &json!(validate.warnings),
                &json!(verdict.warnings),
            );
            complaints.compare(
                "findings",
                &json!(validate.findings),
                &json!(verdict.findings),
            );
        }
        complaints.0
    }

    fn judge_patch(&self, verdict: &Verdict, object: &Value, complaints: &mut Complaints) {
        let Expect { patch, after, .. } = &self.expect;
        if patch.is_some() || after.is_none() {
            let expected = patch.as_deref().unwrap_or_default();
            complaints.compare("patch", &json!(expected), &json!(verdict.patch));
        }
        if let Some(after) = after {
            match verdict.patched(object) {
                Ok(patched) => complaints.hold("after", after, &patched),
                Err(error) => complaints.0.push(format!("the patch fails: {error}")),
            }
        }
    }
}

/// Returns the node pools and the architectures of the decision, which the record leaves out; none if there is no
/// decision.
fn placement(body: &[u8], snapshot: &Snapshot) -> (Vec<String>, Vec<String>) {
    let request = review::read(body)
        .ok()
        .and_then(|envelope| envelope.request.ok());
    let Some(request) = request else {
        return Default::default();
    };
    let kind = Kind::new(&request.group, &request.kind);
    let workload = request
        .object
        .as_ref()
        .and_then(|object| Workload::new(kind, object));
    let Some(workload) = workload else {
        return Default::default();
    };
    if request.operation.as_ref() != "CREATE" || !request.sub_resource.is_empty() {
        return Default::default();
    }
    let namespace = snapshot.namespace(&request.namespace);
    let decision = judge(&workload, namespace, snapshot).decision;
    let node_pools = decision.node_pools.iter();
    (
        node_pools
            .map(|node_pool| node_pool.name().to_string())
            .collect(),
        decision
            .architectures
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
    )
}

/// Cases speak of the namespace that reviews come from.
#[test]
fn the_usual_namespace_has_opted_in() {
    let snapshot = snapshots::default_snapshot();
    let labels = snapshot.namespace(NAMESPACE).labels.unwrap();
    assert!(berth::placement::opted_in(labels));
}
