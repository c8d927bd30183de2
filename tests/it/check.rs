//! `berth check`: what ships passes, everything that is broken in it is found, and the program says so as it should.

mod state;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use berth::encoding::yaml;
use berth::preflight::installation::{self, Unseen};
use berth::preflight::{Finding, Object, Report, Severity, Stage, judge};
use json_patch::Patch;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::generate;
use crate::laws;
use crate::reviews::{self, repository};
use crate::scheduler::{items, requirement_matches};

const MUTATING: &str = "MutatingWebhookConfiguration";
const VALIDATING: &str = "ValidatingWebhookConfiguration";
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
const INJECTION: &str = "placement.truemark.io/injection";

/// What an operator would apply: rendered by the one program that everybody renders it with.
fn rendered(directory: &str) -> String {
    let output = Command::new("kubectl")
        .arg("kustomize")
        .arg(repository(directory))
        .output()
        .unwrap_or_else(|error| panic!("kubectl, which renders what deploy/ ships: {error}"));
    assert!(output.status.success(), "{directory}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The two configurations as shipped, without what overlays change.
fn shipped() -> Vec<Value> {
    let files = ["mutating", "validating"];
    files
        .map(|side| format!("deploy/berth/{side}-webhook-configuration.yaml"))
        .iter()
        .flat_map(|file| reviews::values_of(&reviews::text_of(file)))
        .collect()
}

/// The shipped configuration of a kind.
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

fn judged(values: &[Value], stage: Stage) -> Report {
    let objects: Vec<Object<'_>> = values.iter().map(object).collect();
    judge(&objects, stage)
}

fn of_field<'r>(report: &'r Report, field: &str) -> Option<&'r Finding> {
    let mut findings = report.findings.iter();
    findings.find(|finding| finding.field == field)
}

/// Runs the program on its standard input.
fn check(input: &str, arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_berth"))
        .arg("check")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child.stdin.take().unwrap().write_all(input.as_bytes());
    // Bad usage is told before anything is read.
    drop(written);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn what_ships_passes() {
    let boundary = "webhooks[1].failurePolicy";
    let no_bundle = |index| format!("webhooks[{index}].clientConfig.caBundle");
    let expected: [(&str, Vec<String>); 5] = [
        ("deploy", vec![]),
        ("deploy/overlays/cert-manager", vec![]),
        ("deploy/overlays/cronjob-templates", vec![]),
        ("deploy/overlays/boundary", vec![boundary.to_owned()]),
        // Whoever brings a certificate fills in the bundle, after this.
        (
            "deploy/overlays/mounted-certificate",
            vec![no_bundle(0), no_bundle(0), no_bundle(1)],
        ),
    ];
    let overlays = std::fs::read_dir(repository("deploy/overlays")).unwrap();
    assert_eq!(overlays.count() + 1, expected.len(), "each has its line");
    for (directory, fields) in expected {
        let output = check(&rendered(directory), &["-f", "-", "-o", "json"]);
        assert_eq!(output.status.code(), Some(0), "{directory}: {output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found: Vec<&Value> = items(&report["findings"]).iter().collect();
        assert!(
            found.iter().all(|finding| finding["severity"] == "note"),
            "{directory}: {report:#}"
        );
        let found: Vec<&str> = found
            .iter()
            .filter_map(|finding| finding["field"].as_str())
            .collect();
        assert_eq!(found, fields, "{directory}");
    }
}

/// A shipped configuration with a certificate in every webhook, so that nothing is to be said of it.
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
            let before = judged(&[configuration.clone()], Stage::Rendered);
            assert_eq!(before.count(Severity::Error), 0, "{:?}", before.findings);
            assert_eq!(of_field(&before, &field), None);

            json_patch::patch(&mut configuration["webhooks"][index], &patch).unwrap();
            let after = judged(&[configuration], Stage::Rendered);
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

/// What is not written is what the API server makes of it.
#[test]
fn no_failure_policy_is_fail() {
    let mut configuration = whole(MUTATING);
    configuration["webhooks"][0]
        .as_object_mut()
        .unwrap()
        .remove("failurePolicy");
    let report = judged(&[configuration], Stage::Rendered);
    let found = of_field(&report, "webhooks[0].failurePolicy").unwrap();
    assert_eq!(found.severity, Severity::Warning);
    assert!(report.fails);
}

#[test]
fn a_boundary_that_judges_every_update_is_an_error() {
    let mut objects = reviews::values_of(&rendered("deploy/overlays/boundary"));
    let configuration = objects
        .iter_mut()
        .find(|object| object["kind"] == VALIDATING);
    let conditions = &mut configuration.unwrap()["webhooks"][1]["matchConditions"];
    *conditions = json!([{"name": "not-mine", "expression": "object.metadata.name != 'mine'"}]);
    let report = judged(&objects, Stage::Rendered);
    let severity = |field: &str| of_field(&report, field).map(|finding| finding.severity);
    assert_eq!(
        severity("webhooks[1].matchConditions"),
        Some(Severity::Error)
    );
    let unknown = "webhooks[1].matchConditions[0].expression";
    assert_eq!(severity(unknown), Some(Severity::Note));
}

/// A bundle that nobody fills in is worse the nearer it is to a request.
#[test]
fn an_empty_bundle_is_judged_by_where_it_is() {
    let field = "webhooks[1].clientConfig.caBundle";
    let severity = |objects: &[Value], stage| {
        let report = judged(objects, stage);
        of_field(&report, field).map(|finding| finding.severity)
    };
    for directory in ["deploy/overlays/boundary", "deploy/overlays/cert-manager"] {
        let mut objects = reviews::values_of(&rendered(directory));
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

/// An installation in a namespace of its own choosing has that one to keep out of.
#[test]
fn the_namespace_of_the_service_is_berths_own() {
    let mut configuration = whole(MUTATING);
    configuration["webhooks"][0]["clientConfig"]["service"]["namespace"] = json!("platform");
    let report = judged(&[configuration.clone()], Stage::Rendered);
    let found = of_field(&report, "webhooks[0].namespaceSelector").unwrap();
    assert!(found.message.contains("match platform:"), "{found:?}");

    let values =
        &mut configuration["webhooks"][0]["namespaceSelector"]["matchExpressions"][0]["values"];
    let values = values.as_array_mut().unwrap();
    // The namespace that is shipped is nobody's then.
    values.retain(|name| name != "berth-system");
    values.push(json!("platform"));
    assert_eq!(judged(&[configuration], Stage::Rendered).findings, []);
}

/// Whatever it is called and wherever it is: who calls berth is judged as berth's, beside another that is as it should be.
#[test]
fn a_webhook_is_known_by_the_service_that_it_calls() {
    let mut configuration = the(MUTATING);
    configuration["metadata"]["name"] = json!("mine");
    let webhook = &mut configuration["webhooks"][0];
    webhook["name"] = json!("mine.example.com");
    webhook["failurePolicy"] = json!("Fail");
    webhook["clientConfig"]["service"]["namespace"] = json!("platform");
    let mut objects = shipped();
    objects.push(configuration);
    let report = judged(&objects, Stage::Rendered);
    let mut errors = report.findings.iter();
    let error = errors.find(|finding| {
        finding.severity == Severity::Error && finding.field == "webhooks[0].namespaceSelector"
    });
    let error = error.unwrap();
    assert!(error.message.contains("match platform:"), "{error:?}");
}

/// A prefix that an overlay gives to every name: berth would neither fill in the bundle nor be believed.
#[test]
fn a_certificate_of_berths_own_needs_the_shipped_names() {
    let mut objects = reviews::values_of(&rendered("deploy"));
    for object in &mut objects {
        if object["kind"] == MUTATING {
            object["metadata"]["name"] = json!("prod-zz-berth");
        }
        if object["kind"] == VALIDATING {
            object["webhooks"][1]["clientConfig"]["service"]["name"] = json!("prod-berth");
        }
    }
    let found = judged(&objects, Stage::Rendered).findings;
    let found: Vec<_> = found
        .iter()
        .map(|finding| (finding.severity, finding.field.as_str()))
        .collect();
    let expected = [
        "webhooks[0].clientConfig.caBundle",
        "webhooks[1].clientConfig.service.name",
    ];
    assert_eq!(found, expected.map(|field| (Severity::Warning, field)));
}

#[test]
fn a_protected_namespace_that_opted_in_is_named() {
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {INJECTION: "enabled"}}});
    let objects = ["team-a", "kube-system", "berth-system"].map(namespace);
    let report = judged(&objects, Stage::Rendered);
    let found: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.object.as_str())
        .collect();
    assert_eq!(found, ["Namespace berth-system", "Namespace kube-system"]);
}

/// Somebody else's webhook that is asked about every pod.
fn theirs(change: impl FnOnce(&mut Value)) -> Value {
    let mut configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": VALIDATING,
        "metadata": {"name": "guard"},
        "webhooks": [{
            "name": "guard.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "clientConfig": {"service": {"namespace": "guard", "name": "guard", "path": "/validate"}},
            "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["CREATE"]}],
        }],
    });
    change(&mut configuration["webhooks"][0]);
    configuration
}

#[test]
fn others_that_berths_pods_wait_for_are_named() {
    let own =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "berth-system"}});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "berth", "namespace": "berth-system"},
        "spec": {"template": {"metadata": {"labels": {"app": "berth"}}}},
    });
    let selecting =
        |field: &'static str, selector: Value| theirs(move |webhook| webhook[field] = selector);
    let not_in = json!({"matchExpressions": [{"key": NAME_LABEL, "operator": "NotIn", "values": ["berth-system"]}]});
    let cases = [
        ("as it is", theirs(|_| {}), true, true),
        (
            "Ignore",
            theirs(|webhook| webhook["failurePolicy"] = json!("Ignore")),
            false,
            false,
        ),
        (
            "of others",
            theirs(|webhook| webhook["rules"][0]["resources"] = json!(["services"])),
            false,
            false,
        ),
        (
            "of updates",
            theirs(|webhook| webhook["rules"][0]["operations"] = json!(["UPDATE"])),
            false,
            false,
        ),
        (
            "by name",
            selecting("namespaceSelector", not_in),
            false,
            false,
        ),
        // Which labels there are is known, or it is not.
        (
            "by label",
            selecting("namespaceSelector", json!({"matchLabels": {"mesh": "on"}})),
            false,
            true,
        ),
        (
            "of pods",
            selecting("objectSelector", json!({"matchLabels": {"app": "web"}})),
            false,
            true,
        ),
    ];
    for (what, configuration, when_known, when_unknown) in cases {
        let known = [own.clone(), deployment.clone(), configuration.clone()];
        for (objects, expected) in [
            (&known[..], when_known),
            (&[configuration][..], when_unknown),
        ] {
            let report = judged(objects, Stage::Live);
            let found = of_field(&report, "webhooks[0].failurePolicy");
            assert_eq!(found.is_some(), expected, "{what}: {:?}", report.findings);
            if let Some(found) = found {
                assert_eq!(found.severity, Severity::Warning);
                assert_eq!(
                    (&*found.object, &*found.webhook),
                    ("ValidatingWebhookConfiguration guard", "guard.example.com")
                );
            }
            assert_eq!(report.webhooks, 0, "{what} is not berth's");
        }
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_an_error() {
    let mut configuration = whole(MUTATING);
    configuration["webhooks"][0]["timeoutSeconds"] = json!("2");
    let report = judged(&[configuration], Stage::Rendered);
    let found = of_field(&report, "webhooks[0].timeoutSeconds").unwrap();
    assert_eq!(found.severity, Severity::Error);
    // One that has more than is known here is read.
    let mut configuration = whole(MUTATING);
    configuration["webhooks"][0]["invented"] = json!({"later": true});
    assert_eq!(judged(&[configuration], Stage::Rendered).findings, []);
}

#[test]
fn the_program_says_what_to_do() {
    let mut broken = whole(MUTATING);
    let webhook = &mut broken["webhooks"][0];
    webhook["failurePolicy"] = json!("Fail");
    webhook["namespaceSelector"] = json!({});
    let output = check(&broken.to_string(), &["-f", "-"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = text(&output.stdout);
    let first = said.lines().next().unwrap();
    for part in [
        "error: MutatingWebhookConfiguration zz-berth, pods.placement.truemark.io, webhooks[0].namespaceSelector: ",
        "berth-system",
        "operator: NotIn",
    ] {
        assert!(first.contains(part), "{part}: {said}");
    }
    let kill_switch =
        "    kubectl delete mutatingwebhookconfiguration,validatingwebhookconfiguration zz-berth\n";
    assert!(said.ends_with(kill_switch), "{said}");

    // A name is pasted into a shell, and shown by a terminal.
    broken["metadata"]["name"] = json!("zz; rm -rf x");
    broken["webhooks"][0]["name"] = json!("\u{1b}[2J.placement.truemark.io");
    let output = check(&broken.to_string(), &["-f", "-"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.ends_with(kill_switch) && !said.contains('\u{1b}'),
        "{said}"
    );
}

#[test]
fn what_cannot_be_judged_is_a_failure() {
    let config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let cases: [(&str, &[&str], i32, &str); 6] = [
        (config_map, &["-f", "-"], 1, "no webhook of berth's"),
        ("a: [\n", &["-f", "-"], 1, "standard input:"),
        ("", &["-f", "no-such-file.yaml"], 1, "no-such-file.yaml: "),
        ("", &[], 64, "--cluster"),
        ("", &["-f", "-", "--cluster"], 64, "cannot be used with"),
        ("", &["-f", "-", "--kubeconfig", "x"], 64, "--cluster"),
    ];
    for (input, arguments, code, part) in cases {
        let output = check(input, arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        assert!(text(&output.stderr).contains(part), "{part}: {output:?}");
    }
    let missing = check("", &["--cluster", "--kubeconfig", "no-such-file"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing.stderr).contains("--kubeconfig no-such-file"),
        "{missing:?}"
    );
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
    /// Whatever labels a protected namespace has: where a webhook selects it, that is found beforehand.
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
        let report = judged(&[configuration], Stage::Live);
        let found = of_field(&report, "webhooks[1].namespaceSelector");
        let found = found.is_some_and(|found| found.severity == Severity::Error && found.message.contains(name));
        prop_assert!(found || !matches, "{:?}", report.findings);
    }

    /// Anything in the place of anything: judged or passed over, never a panic.
    #[test]
    fn any_object_is_judged(
        other in generate::any_json(),
        place in any::<Index>(),
    ) {
        let mut objects = reviews::values_of(&reviews::text_of("deploy/berth/deployment.yaml"));
        objects.extend(shipped());
        objects.push(reviews::shipped_policy());
        // One tree of them all, so that any part of it can be replaced.
        let mut all = Value::Array(objects);
        let mut pointers = laws::pointers(&all);
        let pointer = pointers.swap_remove(place.index(pointers.len()));
        *all.pointer_mut(&pointer).unwrap() = other;
        let objects = items(&all);
        for stage in [Stage::Rendered, Stage::Live] {
            let report = judged(objects, stage);
            let objects: Vec<Object<'_>> = objects.iter().map(object).collect();
            let _ = installation::judge(&objects, ("", ""), &Unseen::new(), &report);
        }
    }
}
