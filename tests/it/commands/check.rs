//! `berth check` finds everything that is broken in what ships. The pages in `tests/commands/check` hold its output.

mod installation;

use berth::encoding::yaml;
use berth::preflight::installation::{Unseen, check_installation};
use berth::preflight::{Assessment, Fault, Object, Severity, Stage, check_registration};
use json_patch::Patch;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::harness::kustomize::rendered;
use crate::harness::repository;
use crate::model::json::{any_json, pointers};
use crate::model::scheduler::{items, requirement_matches};

const MUTATING: &str = "MutatingWebhookConfiguration";
const VALIDATING: &str = "ValidatingWebhookConfiguration";
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
const INJECTION: &str = "placement.truemark.io/injection";

/// Returns the two configurations as shipped, without the changes of overlays.
fn shipped() -> Vec<Value> {
    let files = ["mutating", "validating"];
    files
        .map(|side| format!("deploy/berth/{side}-webhook-configuration.yaml"))
        .iter()
        .flat_map(|file| repository::values_of(&repository::text_of(file)))
        .collect()
}

/// Returns the shipped configuration of a kind.
fn the(kind: &str) -> Value {
    let mut shipped = shipped();
    shipped.retain(|object| object["kind"] == kind);
    shipped.remove(0)
}

fn object(value: &Value) -> Object<'_> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let version = text("/apiVersion").unwrap_or_default();
    Object {
        group: version.split_once('/').map_or("", |(group, _)| group),
        kind: text("/kind").unwrap_or_default(),
        namespace: text("/metadata/namespace").unwrap_or_default(),
        name: text("/metadata/name").unwrap_or_default(),
        value,
    }
}

fn check(values: &[Value], stage: Stage) -> Assessment {
    let objects: Vec<Object<'_>> = values.iter().map(object).collect();
    check_registration(&objects, stage)
}

fn of_field<'a>(assessment: &'a Assessment, field: &str) -> Option<&'a Fault> {
    let mut faults = assessment.faults.iter();
    faults.find(|fault| fault.field == field)
}

/// Returns a shipped configuration with a certificate in every webhook, so that it has no fault.
fn whole(kind: &str) -> Value {
    let mut configuration = the(kind);
    let bundle = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t";
    for webhook in configuration["webhooks"].as_array_mut().unwrap() {
        webhook["clientConfig"]["caBundle"] = json!(bundle);
    }
    configuration
}

#[test]
fn each_breakage_is_found() {
    let table = yaml::parse(include_str!("check/breakages.yaml")).unwrap();
    assert!(!items(&table).is_empty());
    for breakage in items(&table) {
        let (kind, index) = match breakage["webhook"].as_str().unwrap() {
            "mutating" => (MUTATING, 0),
            "templates" => (VALIDATING, 0),
            "pods" => (VALIDATING, 1),
            other => panic!("{other} is none of them"),
        };
        let field = breakage["field"].as_str().unwrap();
        let field = format!("webhooks[{index}].{field}");
        let patch: Patch = serde_json::from_value(breakage["patch"].clone()).unwrap();
        for (policy, expected) in [("Ignore", "ignore"), ("Fail", "fail")] {
            let expected = breakage[expected].as_str().unwrap();
            let mut configuration = whole(kind);
            configuration["webhooks"][index]["failurePolicy"] = json!(policy);
            let before = check(&[configuration.clone()], Stage::Rendered);
            assert_eq!(before.count(Severity::Error), 0, "{:?}", before.faults);
            assert_eq!(of_field(&before, &field), None);

            json_patch::patch(&mut configuration["webhooks"][index], &patch).unwrap();
            let after = check(&[configuration], Stage::Rendered);
            let found = of_field(&after, &field);
            let found = found.unwrap_or_else(|| panic!("{policy}: {breakage}: {after:#?}"));
            assert_eq!(
                found.severity.as_str(),
                expected,
                "{policy}: {breakage}: {found:?}"
            );
            assert!(!found.message.is_empty() && !found.remedy.is_empty());
        }
    }
}

/// The API server takes a failurePolicy that is not written for Fail.
#[test]
fn no_failure_policy_is_fail() {
    let mut configuration = whole(MUTATING);
    configuration["webhooks"][0]
        .as_object_mut()
        .unwrap()
        .remove("failurePolicy");
    let assessment = check(&[configuration], Stage::Rendered);
    let found = of_field(&assessment, "webhooks[0].failurePolicy").unwrap();
    assert_eq!(found.severity, Severity::Warning);
    assert!(assessment.fails_closed);
}

/// A bundle that nobody fills in is worse the nearer it is to a request.
#[test]
fn an_empty_bundle_is_judged_by_where_it_is() {
    let field = "webhooks[1].clientConfig.caBundle";
    let severity = |objects: &[Value], stage| {
        let assessment = check(objects, stage);
        of_field(&assessment, field).map(|fault| fault.severity)
    };
    for directory in ["deploy/overlays/boundary", "deploy/overlays/cert-manager"] {
        let mut objects = repository::values_of(&rendered(directory));
        let configuration = objects
            .iter_mut()
            .find(|object| object["kind"] == VALIDATING);
        configuration.unwrap()["webhooks"][1]["failurePolicy"] = json!("Fail");
        assert_eq!(severity(&objects, Stage::Rendered), None, "{directory}");
        assert_eq!(
            severity(&objects, Stage::Live),
            Some(Severity::Error),
            "{directory}"
        );
    }
    let shipped = shipped();
    assert_eq!(severity(&shipped, Stage::Rendered), Some(Severity::Note));
    assert_eq!(severity(&shipped, Stage::Live), Some(Severity::Warning));
}

fn selector() -> impl Strategy<Value = Value> {
    let key = || select(&[NAME_LABEL, INJECTION, "team"][..]);
    let value = || select(&["kube-system", "berth-system", "enabled", "a"][..]);
    let expression = (
        key(),
        select(&["In", "NotIn", "Exists", "DoesNotExist"][..]),
        prop::collection::vec(value(), 1..3),
    );
    let expression = expression.prop_map(|(key, operator, values)| {
        let takes_values = operator.ends_with("In");
        let values = if takes_values { values } else { Vec::new() };
        json!({"key": key, "operator": operator, "values": values})
    });
    prop::collection::vec(expression, 0..4)
        .prop_map(|expressions| json!({"matchExpressions": expressions}))
}

proptest! {
    /// The check finds each protected namespace that a webhook could select, with any labels.
    #[test]
    fn no_protected_namespace_is_selected_unsaid(
        selector in selector(),
        labels in [prop::option::of(select(&["enabled", "a"][..])), prop::option::of(select(&["kube-system", "a"][..]))],
        own in any::<bool>(),
    ) {
        let name = if own { "berth-system" } else { "kube-system" };
        let value = |key: &str| match key {
            NAME_LABEL => Some(name),
            INJECTION => labels[0],
            _ => labels[1],
        };
        let matches = items(&selector["matchExpressions"]).iter().all(|requirement| {
            requirement_matches(requirement, value(requirement["key"].as_str().unwrap()))
        });
        let mut configuration = whole(VALIDATING);
        configuration["webhooks"][1]["namespaceSelector"] = selector;
        configuration["webhooks"][1]["failurePolicy"] = json!("Fail");
        let assessment = check(&[configuration], Stage::Live);
        let found = of_field(&assessment, "webhooks[1].namespaceSelector");
        let found = found.is_some_and(|found| found.severity == Severity::Error && found.message.contains(name));
        prop_assert!(found || !matches, "{:?}", assessment.faults);
    }

    /// Anything in the place of anything: judged or passed over, never a panic.
    #[test]
    fn any_object_is_judged(
        other in any_json(),
        place in any::<Index>(),
    ) {
        let mut objects = repository::values_of(&repository::text_of("deploy/berth/deployment.yaml"));
        objects.extend(shipped());
        objects.push(repository::shipped_policy());
        // One tree of them all, so that any part of it can be replaced.
        let mut all = Value::Array(objects);
        let mut pointers = pointers(&all);
        let pointer = pointers.swap_remove(place.index(pointers.len()));
        *all.pointer_mut(&pointer).unwrap() = other;
        let objects = items(&all);
        for stage in [Stage::Rendered, Stage::Live] {
            let assessment = check(objects, stage);
            let objects: Vec<Object<'_>> = objects.iter().map(object).collect();
            let _ = check_installation(&objects, ("", ""), &Unseen::new(), &assessment);
        }
    }
}
