//! The dashboard of `deploy/monitoring` agrees with the rules, the pages and the code. Grafana's own types check its
//! form: `tests/monitoring/run`.

use std::collections::BTreeSet;

use berth::metrics::Endpoint;
use berth::placement::Reason;
use berth::policy::Mode;
use regex::Regex;
use serde_json::{Value, json};

use super::monitoring;
use super::panels::{self, DASHBOARD, VARIABLES};
use crate::harness::{metric_names, repository};
use crate::model::scheduler::items;

/// The words of the query language.
const WORDS: [&str; 14] = [
    "and",
    "count",
    "group",
    "histogram_quantile",
    "increase",
    "label_replace",
    "max",
    "min",
    "offset",
    "or",
    "rate",
    "sum",
    "time",
    "unless",
];

fn dashboard() -> Value {
    serde_json::from_str(&repository::text_of(DASHBOARD)).unwrap()
}

fn is_row(panel: &Value) -> bool {
    panel["type"] == "row"
}

/// Returns the variables of Grafana's that a text uses: `$name` or `${name}`. `$1` is a group of `label_replace`.
fn variables(text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(r"\$\{?([A-Za-z_]\w*)").unwrap();
    let found = pattern.captures_iter(text);
    found.map(|found| found[1].to_owned()).collect()
}

/// Returns the metrics that a query reads: the names left without strings, labels, durations and words of the language.
fn metrics(query: &str) -> BTreeSet<String> {
    let rest = [
        r#""[^"]*""#,
        r"\{[^}]*\}",
        r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)",
    ]
    .iter()
    .fold(query.to_owned(), |rest, pattern| {
        let pattern = Regex::new(pattern).unwrap();
        pattern.replace_all(&rest, "").into_owned()
    });
    let name = Regex::new(r"\b[A-Za-z_:][\w:]*").unwrap();
    let names = name.find_iter(&rest).map(|name| name.as_str().to_owned());
    names
        .filter(|name| !WORDS.contains(&name.as_str()))
        .collect()
}

#[test]
fn the_dashboard_is_written_as_grafana_writes_it() {
    let mut sorted = dashboard();
    sorted.sort_all_objects();
    let written = serde_json::to_string_pretty(&sorted).unwrap() + "\n";
    assert!(
        repository::text_of(DASHBOARD) == written,
        "{DASHBOARD} is not indented by two spaces, or its keys are not in alphabetical order"
    );
}

#[test]
fn panels_have_their_own_ids_and_places() {
    let dashboard = dashboard();
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels::panels(&dashboard) {
        let title = &panel["title"];
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: id");
        let place = |field: &str| panel["gridPos"][field].as_u64().unwrap();
        let (left, top) = (place("x"), place("y"));
        let (right, bottom) = (left + place("w"), top + place("h"));
        assert!(
            right <= 24 && left < right && top < bottom,
            "{title}: gridPos"
        );
        for cell in (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title} covers another panel");
        }
    }
    assert!(!ids.is_empty());
}

#[test]
fn panels_say_what_they_show() {
    let dashboard = dashboard();
    for panel in panels::panels(&dashboard) {
        let text = |field: &str| panel[field].as_str().unwrap_or_default();
        if panel["type"] == "text" {
            assert!(
                panel["options"]["content"].is_string(),
                "a text without text"
            );
            continue;
        }
        assert!(!text("title").is_empty(), "{panel}");
        if !is_row(panel) {
            assert!(text("description").ends_with('.'), "{}", text("title"));
            assert!(!items(&panel["targets"]).is_empty(), "{}", text("title"));
        }
    }
}

#[test]
fn every_variable_and_data_source_resolves() {
    let dashboard = dashboard();
    let list = items(&dashboard["templating"]["list"]);
    let defined: BTreeSet<String> = list
        .iter()
        .map(|variable| variable["name"].as_str().unwrap().to_owned())
        .collect();
    let own: BTreeSet<String> = variables(&dashboard.to_string())
        .into_iter()
        .filter(|name| !name.starts_with("__"))
        .collect();
    assert_eq!(own, defined);
    // Tests that ask without Grafana know every variable of a query.
    let known: BTreeSet<String> = VARIABLES
        .iter()
        .flat_map(|(name, _)| variables(name))
        .collect();
    let used: BTreeSet<String> = panels::queries(&dashboard)
        .flat_map(|query| variables(query.written))
        .collect();
    assert_eq!(used, known);

    let source = json!({"type": "prometheus", "uid": "${datasource}"});
    for panel in panels::panels(&dashboard).filter(|panel| !is_row(panel)) {
        assert_eq!(panel["datasource"], source, "{}", panel["title"]);
        for target in items(&panel["targets"]) {
            assert_eq!(target["datasource"], source, "{}", panel["title"]);
        }
    }
    for variable in list {
        if variable["type"] == "datasource" {
            assert_eq!(variable["query"], "prometheus");
        } else {
            assert_eq!(variable["datasource"], source, "{}", variable["name"]);
            // Each is compared by `=~`, and All has to match series without the label.
            assert_eq!(variable["allValue"], ".*", "{}", variable["name"]);
        }
    }
    let multi = Regex::new(r"\w+(=|!=|!~)\W?\$(namespace|pool)").unwrap();
    for query in panels::queries(&dashboard) {
        assert!(!multi.is_match(query.written), "{}", query.panel);
    }
}

/// A panel on an unknown metric would stay empty for ever. The page names the metrics of others, and says how to switch
/// them on.
#[test]
fn every_metric_is_known() {
    let dashboard = dashboard();
    let (registered, recorded) = (metric_names::registered(), monitoring::recorded());
    let page = repository::text_of("docs/monitoring.md");
    let list = items(&dashboard["templating"]["list"]);
    let values = list.iter().filter_map(|variable| {
        let query = variable["query"]["query"].as_str()?;
        let metric = query.strip_prefix("label_values(")?.split(',').next()?;
        Some(("a variable".to_owned(), metric.to_owned()))
    });
    let queries = panels::queries(&dashboard).flat_map(|query| {
        let metrics = metrics(&query.expr());
        assert!(!metrics.is_empty(), "{}: no metric", query.panel);
        let panel = query.panel.to_owned();
        metrics
            .into_iter()
            .map(move |metric| (panel.clone(), metric))
    });
    for (panel, metric) in values.chain(queries) {
        let known = if metric.contains(':') {
            recorded.contains(&metric)
        } else if metric.starts_with("berth_") {
            metric_names::named_in(&metric).all(|name| registered.contains(name))
        } else {
            let base = metric.strip_suffix("_bucket").unwrap_or(&metric);
            page.contains(&format!("`{base}`"))
        };
        assert!(known, "{panel}: {metric}");
    }
}

/// Queries compare labels with values that berth gives them.
#[test]
fn every_value_of_a_label_of_berth_is_known() {
    let of = |label: &str| -> Vec<&str> {
        match label {
            "endpoint" => Endpoint::ALL.iter().map(|value| value.as_str()).collect(),
            "mode" => Mode::ALL.iter().map(|value| value.as_str()).collect(),
            _ => Reason::ALL.iter().map(|value| value.as_str()).collect(),
        }
    };
    let matcher = Regex::new(r#"\b(endpoint|mode|reason)[=!]~?"([^"]*)""#).unwrap();
    let dashboard = dashboard();
    let mut seen = 0;
    for query in panels::queries(&dashboard) {
        for found in matcher.captures_iter(query.written) {
            for value in found[2].split('|') {
                assert!(of(&found[1]).contains(&value), "{}: {value}", query.panel);
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}

#[test]
fn the_dashed_lines_are_where_the_alerts_fire() {
    let dashboard = dashboard();
    let alerts = monitoring::alerts();
    let mut lines = 0;
    for panel in panels::panels(&dashboard) {
        let defaults = &panel["fieldConfig"]["defaults"];
        if defaults["custom"]["thresholdsStyle"]["mode"] != "dashed" {
            continue;
        }
        let line = defaults["thresholds"]["steps"][1]["value"].as_f64();
        let query = panel["targets"][0]["expr"].as_str().unwrap();
        let fires = format!("{query} > {:.2}", line.unwrap());
        assert!(
            alerts.iter().any(|alert| alert["expr"] == *fires),
            "{}: {fires}",
            panel["title"]
        );
        lines += 1;
    }
    assert_eq!(lines, 3);
}

#[test]
fn the_page_on_cost_asks_what_the_dashboard_asks() {
    let page = repository::text_of("docs/cost.md");
    let query = page.split("```promql\n").nth(1).unwrap();
    let query = query.split("\n```").next().unwrap();
    let dashboard = dashboard();
    assert!(panels::queries(&dashboard).any(|asked| asked.written == query));
}

/// The sidecar of Grafana looks for this label, whose value has to be a string.
#[test]
fn the_sidecar_finds_the_dashboard() {
    let kustomization =
        repository::value_of("deploy/charts/berth/monitoring/dashboard/kustomization.yaml");
    let generator = &kustomization["configMapGenerator"][0];
    assert_eq!(generator["files"], json!(["berth.json"]));
    let labels = &generator["options"]["labels"];
    assert_eq!(labels["grafana_dashboard"], "1");
    // kubectl keeps the whole object in an annotation of at most 256 KiB.
    assert!(repository::text_of(DASHBOARD).len() < 200 * 1024);
}
