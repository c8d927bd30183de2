//! The rules of `deploy/monitoring` agree with their tests, their pages and the code. promtool runs them:
//! `tests/monitoring/run`.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::Value;

use crate::harness::{metric_names, repository};
use crate::model::scheduler::items;

/// The page that the alerts send people to.
const RUNBOOKS: &str = "https://github.com/truemark/berth/blob/main/docs/runbooks.md";

/// Reads the YAML files of a directory, by name.
fn files(directory: &str) -> BTreeMap<String, Value> {
    let files = repository::files_below(directory).into_iter();
    let yaml = files.filter(|file| file.extension().is_some_and(|end| end == "yaml"));
    yaml.map(|file| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut values = repository::values_of(&repository::text_of(&file));
        assert_eq!(values.len(), 1, "{name}");
        (name, values.remove(0))
    })
    .collect()
}

/// Reads every rule, recorded or alert.
fn rules() -> Vec<Value> {
    let objects = files("deploy/charts/berth/monitoring/rules");
    let groups = objects
        .values()
        .flat_map(|object| items(&object["spec"]["groups"]));
    groups
        .flat_map(|group| items(&group["rules"]))
        .cloned()
        .collect()
}

pub(crate) fn alerts() -> Vec<Value> {
    let rules = rules().into_iter();
    rules.filter(|rule| rule["alert"].is_string()).collect()
}

/// Returns the names of the series that the rules record.
pub(crate) fn recorded() -> BTreeSet<String> {
    let rules = rules().into_iter();
    rules
        .filter_map(|rule| rule["record"].as_str().map(str::to_owned))
        .collect()
}

/// Returns the tests of one kind in a file of tests.
fn tests<'f>(file: &'f Value, kind: &'static str) -> impl Iterator<Item = &'f Value> {
    items(&file["tests"])
        .iter()
        .flat_map(move |test| items(&test[kind]))
}

/// Returns the names in an expression: of metrics, labels and functions, and the words of its strings.
fn names(expression: &str) -> BTreeSet<&str> {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == ':';
    expression.split(|char| !is_name(char)).collect()
}

/// Returns what the tests of a file have seen of a rule: `true` if it fires or gives something, `false` if it is silent
/// or gives nothing.
fn seen(rule: &Value, file: &Value) -> BTreeSet<bool> {
    if let Some(record) = rule["record"].as_str() {
        let asked = tests(file, "promql_expr_test")
            .filter(|test| names(test["expr"].as_str().unwrap()).contains(record));
        return asked
            .map(|test| !items(&test["exp_samples"]).is_empty())
            .collect();
    }
    let asked = tests(file, "alert_rule_test").filter(|test| test["alertname"] == rule["alert"]);
    asked
        .map(|test| {
            let expected = items(&test["exp_alerts"]).iter();
            let severity = &rule["labels"]["severity"];
            expected
                .map(|alert| &alert["exp_labels"]["severity"])
                .any(|of| of == severity)
        })
        .collect()
}

fn name(rule: &Value) -> &str {
    let record = rule["record"].as_str();
    record.or(rule["alert"].as_str()).unwrap()
}

#[test]
fn every_rule_is_seen_to_fire_and_to_be_silent() {
    let tests = files("tests/monitoring");
    let rules = rules();
    assert!(!rules.is_empty());
    for rule in &rules {
        let seen: BTreeSet<bool> = tests.values().flat_map(|file| seen(rule, file)).collect();
        assert_eq!(seen, BTreeSet::from([false, true]), "{}", name(rule));
    }
}

/// The design asks for these alerts on each of these platforms.
#[test]
fn the_alerts_on_node_pools_fire_on_every_platform() {
    let tests = files("tests/monitoring");
    let wanted = [
        "NodePoolCPUHigh",
        "NodePoolMemoryHigh",
        "NodePoolPendingPods",
        "UnassignedPendingPods",
    ];
    for platform in ["karpenter", "auto-mode", "cast-ai"] {
        for alert in wanted {
            let alerts = alerts();
            let rule = alerts.iter().find(|rule| rule["alert"] == alert).unwrap();
            let seen = seen(rule, &tests[platform]);
            assert_eq!(seen, BTreeSet::from([false, true]), "{platform}: {alert}");
        }
    }
}

#[test]
fn every_alert_says_what_to_do() {
    let page = repository::text_of("docs/runbooks.md");
    let sections: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let alerts = alerts();
    let mut names: Vec<&str> = alerts.iter().map(name).collect();
    // One alert may have a rule for each severity.
    names.dedup();
    assert_eq!(names, sections);
    for alert in &alerts {
        let name = name(alert);
        assert!(alert["for"].is_string(), "{name}");
        let severity = &alert["labels"]["severity"];
        assert!(severity == "warning" || severity == "critical", "{name}");
        let annotations = &alert["annotations"];
        for field in ["summary", "description"] {
            let text = annotations[field].as_str().unwrap_or_default();
            assert!(text.ends_with('.'), "{name}: {field}: {text}");
        }
        let runbook = format!("{RUNBOOKS}#{}", name.to_ascii_lowercase());
        assert_eq!(annotations["runbook_url"], runbook, "{name}");
    }
}

/// Nobody would miss a metric that berth does not have.
#[test]
fn every_metric_of_berth_exists() {
    let known = metric_names::registered();
    let mut seen = 0;
    for directory in ["deploy/charts/berth/monitoring", "tests/monitoring"] {
        for file in repository::files_below(directory) {
            let text = repository::text_of(&file);
            for name in metric_names::named_in(&text) {
                assert!(known.contains(name), "{}: {name}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}

/// The page names every metric that others have to provide.
#[test]
fn the_page_says_what_the_rules_need() {
    let page = repository::text_of("docs/monitoring.md");
    let theirs = ["kube_", "node_", "karpenter_", "apiserver_"];
    let mut seen = 0;
    for rule in rules() {
        for metric in names(rule["expr"].as_str().unwrap()) {
            let recorded = metric.contains(':');
            if recorded || !theirs.iter().any(|start| metric.starts_with(start)) {
                continue;
            }
            let base = metric.strip_suffix("_bucket").unwrap_or(metric);
            assert!(
                page.contains(&format!("`{base}`")),
                "{}: {base}",
                name(&rule)
            );
            seen += 1;
        }
        if let Some(record) = rule["record"].as_str() {
            assert!(page.contains(&format!("`{record}`")), "{record}");
        }
    }
    assert!(seen > 0);
}

/// Returns the name that kube-state-metrics gives to the label of this key: in small letters, with `_` before a capital
/// and for everything but letters and digits.
fn shown_as(key: &str) -> String {
    let capital = Regex::new("([a-z0-9])([A-Z])").unwrap();
    let key = capital.replace_all(key, "${1}_${2}").to_lowercase();
    format!("label_{}", key.replace(['.', '/', '-'], "_"))
}

/// kube-state-metrics shows no label that its flags do not name.
#[test]
fn the_flags_of_the_page_name_the_labels_that_the_rules_read() {
    let page = repository::text_of("docs/monitoring.md");
    let flag = Regex::new(r"--metric-labels-allowlist=nodes=\[(.+)\],pods=\[(.+)\]").unwrap();
    let keys = flag.captures(&page).unwrap();
    let told: BTreeSet<String> = format!("{},{}", &keys[1], &keys[2])
        .split(',')
        .map(shown_as)
        .collect();
    let rules = rules();
    let read: BTreeSet<String> = rules
        .iter()
        .flat_map(|rule| names(rule["expr"].as_str().unwrap()))
        .filter(|name| name.starts_with("label_") && *name != "label_replace")
        .map(str::to_owned)
        .collect();
    assert_eq!(told, read);
    // The values of kube-prometheus-stack say the same.
    for resource in ["nodes", "pods"] {
        let keys = &keys[if resource == "nodes" { 1 } else { 2 }];
        assert!(
            page.contains(&format!("- {resource}=[{keys}]")),
            "{resource}"
        );
    }
}

/// On Auto Mode kube-state-metrics gives what Karpenter gives elsewhere, under the names that the rules read.
#[test]
fn the_page_names_the_metrics_of_limits_as_the_rules_do() {
    let page = repository::text_of("docs/monitoring.md");
    let mut blocks = page.split("```yaml\n").skip(1);
    let block = blocks.find(|block| block.contains("customResourceState:"));
    let values = repository::values_of(block.unwrap().split("```").next().unwrap()).remove(0);
    let state = &values["kube-state-metrics"]["customResourceState"];
    let resource = &state["config"]["spec"]["resources"][0];
    assert_eq!(resource["groupVersionKind"]["kind"], "NodePool");
    assert!(resource["labelsFromPath"]["nodepool"].is_array());
    let prefix = resource["metricNamePrefix"].as_str().unwrap();
    let given: BTreeSet<String> = items(&resource["metrics"])
        .iter()
        .map(|metric| {
            assert_eq!(metric["each"]["gauge"]["labelFromKey"], "resource_type");
            format!("{prefix}_{}", metric["name"].as_str().unwrap())
        })
        .collect();
    let rules = rules();
    let read: BTreeSet<String> = rules
        .iter()
        .flat_map(|rule| names(rule["expr"].as_str().unwrap()))
        .filter(|name| name.starts_with("karpenter_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(given, read);
}

/// The page makes rule files of the objects as the tests do.
#[test]
fn the_page_extracts_what_is_tested() {
    let sed = r"sed -n '/^spec:/,$s/^  //p'";
    for file in ["docs/monitoring.md", "tests/monitoring/run"] {
        assert!(repository::text_of(file).contains(sed), "{file}");
    }
}

#[test]
fn prometheus_scrapes_the_pods_of_berth() {
    let object = |path| repository::value_of(path);
    let monitor = object("deploy/charts/berth/monitoring/pod-monitor.yaml");
    let deployment = object("deploy/berth/deployment.yaml");
    let pod = &deployment["spec"]["template"];
    assert_eq!(
        monitor["metadata"]["namespace"],
        deployment["metadata"]["namespace"]
    );
    let selector = monitor["spec"]["selector"]["matchLabels"].as_object();
    let selector = selector.unwrap();
    assert!(!selector.is_empty());
    for (key, value) in selector {
        assert_eq!(pod["metadata"]["labels"][key], *value, "{key}");
    }
    let endpoint = &items(&monitor["spec"]["podMetricsEndpoints"])[0];
    let container = &items(&pod["spec"]["containers"])[0];
    let port = items(&container["ports"])
        .iter()
        .find(|port| port["name"] == endpoint["port"]);
    assert_eq!(port.unwrap()["containerPort"], 8080);
    // The alerts on replicas and restarts go by these names.
    assert_eq!(
        (&deployment["metadata"]["name"], &container["name"]),
        (&"berth".into(), &"berth".into())
    );
}
