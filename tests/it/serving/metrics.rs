//! The page on metrics: it names exactly what the process shows once everything has happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use berth::admission::Record;
use berth::metrics::watching::Watched;
use berth::metrics::{ConnectionRefusal, Endpoint, Metrics, Socket, Tally};
use berth::node::{Catalogue, State};
use berth::placement::{Assigned, Basis, Reason, Snapshot};
use berth::pod::Kind;
use berth::policy::{Action, Capacity, Mode, Source, Split, read_policy_object};
use berth::split::PoolTally;
use berth::validation::{Check, Finding};
use serde_json::json;

use crate::harness::{metric_names, repository, snapshots};

/// A metric as it is shown.
#[derive(Debug, Default, PartialEq, Eq)]
struct Metric {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// Returns the metrics of a process to which everything has happened, by the names that Prometheus gives them.
fn shown() -> BTreeMap<String, Metric> {
    let metrics = Metrics::default();
    let snapshot = snapshots::default_snapshot();
    everything_happens(&metrics, &snapshot);
    let text = metrics.text();
    let mut shown: BTreeMap<String, Metric> = BTreeMap::new();
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            let (name, help) = told.split_once(' ').unwrap();
            let metric = shown.entry(name.to_owned()).or_default();
            metric.help.push_str(help);
        } else if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, kind) = told.split_once(' ').unwrap();
            let metric = shown.entry(name.to_owned()).or_default();
            metric.kind.push_str(kind);
        }
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        // The metric has the longest name that the series' name begins with.
        let metric = shown
            .iter_mut()
            .rev()
            .find(|(of, _)| name.starts_with(of.as_str()));
        let (_, metric) = metric.unwrap();
        let labels = labels.split(',').filter_map(|label| label.split_once('='));
        let own = labels.filter(|(key, _)| *key != "le");
        metric.labels.extend(own.map(|(key, _)| key.to_owned()));
    }
    let named = shown.into_iter().map(|(name, metric)| {
        let end = match metric.kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        (name + end, metric)
    });
    named.collect()
}

/// Returns the record of a pod that a rule placed in a split pool, and with which a check finds fault.
fn record(rule: &str, pool: &str) -> Record<'static> {
    Record {
        uid: "1".into(),
        namespace: "n".into(),
        name: "p".into(),
        kind: Kind::Pod,
        reason: Reason::Placed,
        mode: Mode::Enforce,
        rule: Some(rule.into()),
        pool: Some(pool.into()),
        assigned: Some(Assigned {
            side: Capacity::Spot,
            basis: Basis::Counts,
            position: Some(3),
            split: Split::new(2, 20).unwrap(),
        }),
        counted_for: None,
        namespace_known: false,
        malformed: None,
        allowed: true,
        patch_bytes: 1,
        findings: vec![Finding {
            check: Check::UnknownPool,
            action: Action::Deny,
            lines: Vec::new(),
        }],
    }
}

fn everything_happens(metrics: &Metrics, snapshot: &Snapshot) {
    metrics.request(Endpoint::Mutate, 200, Duration::ZERO);
    for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
        metrics.decision(endpoint, &record("rule", "pool"));
    }
    drop(metrics.connection(Socket::Webhook));
    metrics.connection_refused(Socket::Webhook, ConnectionRefusal::Limit);
    metrics.reload_error();
    metrics.renewal_error();
    let watching = &metrics.watching;
    watching.watch(Watched::NodePools).contact();
    watching.objects(Watched::NodePools, 1, 1);
    metrics.policy(Source::Cluster, snapshot);
    metrics.split.set(&[PoolTally {
        pool: "pool".into(),
        on_demand: 2,
        spot: 1,
        asked_on_demand: 3,
        misplaced: 1,
    }]);
    watching.misspelt([vec!["placement.truemark.io/arch"]].into_iter());
}

/// Returns the rows of a table, each by its cells.
fn rows<'p>(page: &'p str, head: &str) -> Vec<Vec<&'p str>> {
    let (_, table) = page.split_once(head).unwrap_or_else(|| panic!("{head}"));
    let lines = table.lines().skip(2);
    lines
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

fn quoted<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names = names.into_iter();
    let names: Vec<String> = names.map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

#[test]
fn every_registered_metric_is_shown() {
    let endings = ["_total", "_info"];
    let bare = |name: &String| {
        let bare = endings.iter().find_map(|end| name.strip_suffix(end));
        bare.unwrap_or(name).to_owned()
    };
    let shown: BTreeSet<String> = shown().keys().map(bare).collect();
    assert_eq!(shown, metric_names::registered());
}

/// While pods are followed, they are counted or not.
#[test]
fn lots_decide_until_pods_are_counted() {
    let metrics = Metrics::default();
    assert_eq!(metrics.split_basis(), None);
    let _ = metrics.watching.watch(Watched::Pods);
    assert_eq!(metrics.split_basis(), Some(Basis::Lot));
    metrics.split.set(&[]);
    assert_eq!(metrics.split_basis(), Some(Basis::Counts));
    metrics.split.clear();
    assert_eq!(metrics.split_basis(), Some(Basis::Lot));
    metrics.watching.forget(Watched::Pods);
    assert_eq!(metrics.split_basis(), None);
}

/// Each policy brings a rule and a pool of new names. The page stops growing, and what lasts is counted in full.
#[test]
fn ever_new_names_in_the_policy_make_no_endless_page() {
    const POLICIES: u64 = 1_200;
    let metrics = Metrics::default();
    let mut lines = Vec::new();
    let mut policy = repository::shipped_policy();
    for number in 1..=POLICIES {
        let (rule, pool) = (format!("rule-{number}"), format!("pool-{number}"));
        policy["spec"]["pools"] = json!([
            {"name": "lasting", "nodePools": ["amd64-default"]},
            {"name": pool, "nodePools": ["amd64-default"]},
        ]);
        policy["spec"]["rules"] = json!([
            {"name": rule, "match": {"controllers": ["batch/Job"]}, "place": {"pool": pool}},
            {"name": "lasting", "place": {"pool": "lasting"}},
        ]);
        let (policy, _) = read_policy_object(&policy).unwrap();
        let snapshot = Snapshot::new(policy, Catalogue::default()).unwrap();
        metrics.policy(Source::Cluster, &snapshot);
        for kind in Kind::ALL.iter().copied() {
            for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
                for (rule, pool) in [(&*rule, &*pool), ("lasting", "lasting")] {
                    let record = record(rule, pool);
                    metrics.decision(endpoint, &Record { kind, ..record });
                }
            }
        }
        if [POLICIES - 100, POLICIES].contains(&number) {
            lines.push(metrics.text().lines().count());
        }
    }
    // A thousand series of each of two metrics, and those of the policy in force.
    assert_eq!(lines[0], lines[1]);
    assert!(lines[1] < 2_200, "{lines:?}");
    let page = metrics.text();
    let lasting = r#"kind="Pod",reason="placed",mode="Enforce",rule="lasting",pool="lasting"}"#;
    for endpoint in ["mutate", "validate"] {
        let series =
            format!("berth_decisions_total{{endpoint=\"{endpoint}\",{lasting} {POLICIES}\n");
        assert!(page.contains(&series), "{page}");
    }
    let placed = 2 * POLICIES * Kind::ALL.len() as u64;
    assert_eq!(
        metrics.tally(),
        Tally::from([(("Enforce", "placed"), placed)])
    );
}

/// Each metric has one row: its name, type, labels and help.
#[test]
fn the_page_has_every_metric() {
    let page = repository::text_of("docs/metrics.md");
    let shown: Vec<Vec<String>> = shown()
        .into_iter()
        .map(|(name, Metric { kind, help, labels })| {
            vec![
                format!("`{name}`"),
                kind,
                quoted(&labels),
                help.trim_end_matches('.').to_owned(),
            ]
        })
        .collect();
    let head = "| metric | type | labels | |";
    let told = rows(&page, head);
    let expected: Vec<String> = shown
        .iter()
        .map(|row| format!("| {} |", row.join(" | ")))
        .collect();
    assert!(told == shown, "\n{}", expected.join("\n"));
}

/// The page names every label of a metric, with all the values that it can have, or their source.
#[test]
fn the_page_has_every_value_of_every_label() {
    macro_rules! all {
        ($type:ident) => {
            quoted($type::ALL.iter().map(|value| value.as_str()))
        };
    }
    let closed: BTreeMap<&str, String> = [
        (
            "action",
            quoted([Action::Deny, Action::Warn].map(berth::policy::Action::as_str)),
        ),
        ("basis", all!(Basis)),
        ("capacity", all!(Capacity)),
        ("cause", all!(ConnectionRefusal)),
        ("check", all!(Check)),
        ("endpoint", all!(Endpoint)),
        ("kind", all!(Kind)),
        ("mode", all!(Mode)),
        ("reason", all!(Reason)),
        ("resource", all!(Watched)),
        ("socket", all!(Socket)),
        ("source", all!(Source)),
        ("state", all!(State)),
    ]
    .into();
    let page = repository::text_of("docs/metrics.md");
    let told: BTreeMap<&str, &str> = rows(&page, "| label | values |")
        .into_iter()
        .map(|row| (row[0].trim_matches('`'), row[1]))
        .collect();
    let labels: BTreeSet<String> = shown()
        .into_values()
        .flat_map(|metric| metric.labels)
        .collect();
    assert!(told.keys().eq(labels.iter()), "{labels:?}");
    for (label, values) in closed {
        assert_eq!(told[label], values, "{label}");
    }
}

/// Names follow <https://prometheus.io/docs/practices/naming/>.
#[test]
fn names_follow_the_practices_of_prometheus() {
    let other_units = [
        "millis",
        "micros",
        "nanos",
        "minutes",
        "hours",
        "days",
        "kilobytes",
        "mebibytes",
        "percent",
    ];
    for (name, Metric { kind, help, labels }) in shown() {
        let is_word = |char: char| char.is_ascii_lowercase() || char == '_';
        assert!(
            name.starts_with("berth_") && name.chars().all(is_word),
            "{name}"
        );
        assert!(
            !other_units.iter().any(|unit| name.contains(unit)),
            "{name}"
        );
        assert!(
            kind != "unknown" && help.len() > 10,
            "{name}: {kind}, {help}"
        );
        let total = name.ends_with("_total");
        assert_eq!(total, kind == "counter", "{name}");
        for part in [
            "_count",
            "_sum",
            "_bucket",
            "_gauge",
            "_counter",
            "_histogram",
        ] {
            assert!(!name.trim_end_matches("_total").ends_with(part), "{name}");
        }
        for label in labels {
            assert!(label.chars().all(is_word), "{name}: {label}");
            // A Prometheus adds these itself.
            assert!(
                !["job", "instance", "le", "quantile"].contains(&label.as_str()),
                "{name}"
            );
        }
    }
}
