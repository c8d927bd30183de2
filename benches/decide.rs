//! Time of decode, decide and patch, beside the usual way on the same bodies in the same run.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has failed"
)]

#[path = "support/growth.rs"]
mod growth;
#[path = "support/node_pool.rs"]
mod node_pool;
mod support;

use std::hint::black_box;

use berth::admission::{mutate, validate};
use berth::node::NodePool;
use berth::placement::{Siblings, Snapshot};
use berth::policy::{embedded_node_pools, embedded_policy};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use growth::{LARGE, Size};
use serde_json::{Value, json};

fn decide(criterion: &mut Criterion) {
    let (policy, _) = embedded_policy().expect("the embedded policy");
    let snapshot = Snapshot::new(
        policy,
        embedded_node_pools().expect("the embedded node pools"),
    )
    .expect("a snapshot");
    let mut group = criterion.benchmark_group("mutate");
    for kilobytes in [3, 12, 60] {
        let body = support::review(kilobytes * 1024);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(
            BenchmarkId::new("berth", format!("{kilobytes}KB")),
            &body,
            |bencher, body| {
                bencher.iter(|| {
                    mutate(black_box(body), &snapshot, &Siblings::none)
                        .expect("a review")
                        .body
                });
            },
        );
        group.bench_with_input(
            BenchmarkId::new("usual", format!("{kilobytes}KB")),
            &body,
            |bencher, body| {
                bencher.iter(|| support::usual(black_box(body)));
            },
        );
    }
    group.finish();
}

/// The requirements of a pod, by name: none on the instance type, and then more and more.
const ASKED: [(&str, &str); 4] = [
    (
        "zone",
        r#"[{"key":"topology.kubernetes.io/zone","operator":"In","values":["eu-west-1a","eu-west-1b"]}]"#,
    ),
    (
        "family-and-cpu",
        r#"[{"key":"karpenter.k8s.aws/instance-family","operator":"In","values":["m7i","c7i"]},
            {"key":"karpenter.k8s.aws/instance-cpu","operator":"Gt","values":["4"]}]"#,
    ),
    (
        "not-these-types",
        r#"[{"key":"node.kubernetes.io/instance-type","operator":"NotIn","values":["m5.xlarge","c5.xlarge"]}]"#,
    ),
    (
        "six-labels",
        r#"[{"key":"karpenter.k8s.aws/instance-category","operator":"NotIn","values":["t"]},
            {"key":"karpenter.k8s.aws/instance-generation","operator":"Gt","values":["5"]},
            {"key":"karpenter.k8s.aws/instance-cpu","operator":"In","values":["4","8"]},
            {"key":"karpenter.k8s.aws/instance-memory","operator":"Gt","values":["16000"]},
            {"key":"karpenter.k8s.aws/instance-hypervisor","operator":"In","values":["nitro"]},
            {"key":"karpenter.k8s.aws/instance-local-nvme","operator":"DoesNotExist"}]"#,
    ),
];

/// Returns a review of 3 KB whose pod asks this of its node, as the JSON of a list of requirements.
fn asking(requirements: &str) -> Vec<u8> {
    let body = String::from_utf8(support::review(3 * 1024)).expect("JSON is UTF-8");
    let (before, rest) = body.split_once(EXPRESSIONS).expect("the requirements");
    let (_, after) = rest.split_once("]}]").expect("their end");
    format!("{before}{EXPRESSIONS}{requirements}{after}").into_bytes()
}

/// The beginning of the requirements of the pod's only term.
const EXPRESSIONS: &str = "\"matchExpressions\":";

/// Time of a decision in a cluster of 500 node pools, for pods that ask for more and more of the instance type.
fn instances(criterion: &mut Criterion) {
    let (policy, _) = embedded_policy().expect("the embedded policy");
    let mut catalogue = embedded_node_pools().expect("the embedded node pools");
    for number in catalogue.iter().count()..500 {
        let node_pool = NodePool::from_object(json!({
            "metadata": {"name": format!("other-{number}")},
            "spec": {"template": {"spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws"},
                "requirements": [{"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["c", "m"]}],
            }}},
        }));
        let node_pool = node_pool.expect("a node pool");
        catalogue.insert(node_pool).expect("a name of its own");
    }
    let snapshot = Snapshot::new(policy, catalogue).expect("a snapshot");
    let mut group = criterion.benchmark_group("instances");
    for (name, requirements) in ASKED {
        let body = asking(requirements);
        group.bench_with_input(BenchmarkId::from_parameter(name), &body, |bencher, body| {
            bencher.iter(|| {
                mutate(black_box(body), &snapshot, &Siblings::none)
                    .expect("a review")
                    .body
            });
        });
    }
    group.finish();
}

/// Times a decision of both endpoints.
fn both(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, snapshot: &Snapshot, body: &[u8]) {
    group.bench_function(BenchmarkId::new("mutate", name), |bencher| {
        bencher.iter(|| {
            mutate(black_box(body), snapshot, &Siblings::none)
                .expect("a review")
                .body
        });
    });
    group.bench_function(BenchmarkId::new("validate", name), |bencher| {
        bencher.iter(|| validate(black_box(body), snapshot).expect("a review").body);
    });
}

/// Time of a decision as the cluster and the policy grow, one of them at a time and all together.
fn growing(criterion: &mut Criterion) {
    let body = support::review(12 * 1024);
    let mut group = criterion.benchmark_group("growth");
    let one = Size::default();
    let sizes = [
        ("what ships", one),
        (
            "32 rules",
            Size {
                rules: 32,
                pools: 1,
                node_pools: 8,
                ..one
            },
        ),
        (
            "64 rules",
            Size {
                rules: 64,
                pools: 1,
                node_pools: 8,
                ..one
            },
        ),
        (
            "124 rules",
            Size {
                rules: 124,
                pools: 1,
                node_pools: 8,
                ..one
            },
        ),
        (
            "61 pools",
            Size {
                pools: 61,
                node_pools: 8,
                ..one
            },
        ),
        (
            "494 node pools",
            Size {
                node_pools: 494,
                ..one
            },
        ),
        (
            "10,000 namespaces",
            Size {
                namespaces: 10_000,
                ..one
            },
        ),
        ("all", LARGE),
    ];
    for (name, size) in sizes {
        let snapshot = growth::cluster(size);
        both(&mut group, name, &snapshot, &body);
    }
    group.finish();
}

/// The most bytes of a body.
const LARGEST: usize = 8 << 20;

/// Returns a review of a pod whose spec has this text alone, with an item again and again, until the review is as large as
/// may be.
fn filled(field: &str, item: &str, end: &str, most: usize) -> Vec<u8> {
    const SPEC: &str = "the spec";
    let review = support::review(3 * 1024);
    let mut review: Value = serde_json::from_slice(&review).expect("the review is JSON");
    review["request"]["object"]["spec"] = json!(SPEC);
    let review = review.to_string();
    let room = (LARGEST - review.len() - field.len() - end.len()) / item.len();
    let items = vec![item; room.min(most)].join("");
    let items = items.trim_end_matches(',');
    let spec = format!("{{{field}{items}{end}}}");
    review
        .replacen(&format!("\"{SPEC}\""), &spec, 1)
        .into_bytes()
}

/// Time of the worst that a person could write, and of the worst that is known of what somebody could send, in the largest
/// cluster.
fn limits(criterion: &mut Criterion) {
    let term = r#"{"matchExpressions":[{"key":"karpenter.k8s.aws/instance-cpu","operator":"In","values":["8","16"]},
        {"key":"karpenter.k8s.aws/instance-memory","operator":"Gt","values":["16000"]}]},"#;
    let terms = r#""affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":["#;
    let term_of_many = format!(
        r#"{{"matchExpressions":[{{"key":"node.kubernetes.io/instance-type","operator":"NotIn","values":[{}]}}]}},"#,
        vec!["\"m5.xlarge\""; 60].join(",")
    );
    let kinds: Vec<String> = include_str!("../src/instance/types.tsv")
        .lines()
        .skip_while(|line| line.starts_with('#'))
        .skip(1)
        .step_by(20)
        .filter_map(|line| Some(format!("\"{}\"", line.split_once('\t')?.0)))
        .take(60)
        .collect();
    let term_of_types = format!(
        r#"{{"matchExpressions":[{{"key":"node.kubernetes.io/instance-type","operator":"In","values":[{}]}}]}},"#,
        kinds.join(",")
    );
    let term_of_numbers = r#"{"matchExpressions":[{"key":"karpenter.k8s.aws/instance-cpu","operator":"Gt","values":["2"]},
        {"key":"karpenter.k8s.aws/instance-memory","operator":"Lt","values":["99000"]},
        {"key":"karpenter.k8s.aws/instance-ebs-bandwidth","operator":"Gt","values":["1000"]},
        {"key":"karpenter.k8s.aws/instance-network-bandwidth","operator":"Gt","values":["1000"]}]},"#;
    let bodies = [
        ("256 terms", filled(terms, term, "]}}}", 256)),
        (
            "256 terms of four numbers",
            filled(terms, term_of_numbers, "]}}}", 256),
        ),
        (
            "256 terms of 60 instance types",
            filled(terms, &term_of_types, "]}}}", 256),
        ),
        ("terms", filled(terms, term, "]}}}", usize::MAX)),
        (
            "terms of many values",
            filled(terms, &term_of_many, "]}}}", usize::MAX),
        ),
        (
            "tolerations",
            filled(r#""tolerations":["#, "{},", "]", usize::MAX),
        ),
        (
            "members",
            filled(r#""x":{},"#, r#""y":{},"#, r#""z":1"#, usize::MAX),
        ),
        ("brackets", filled(r#""x":["#, "[1],", "]", usize::MAX)),
        (
            "slashes in containers",
            filled(r#""containers":["#, r#""/","#, r#""/"]"#, usize::MAX),
        ),
        ("backslashes", filled(r#""x":""#, "\\\\", "\"", usize::MAX)),
        (
            "escapes that are read",
            filled(r#""nodeName":""#, "\\u0061", "\"", usize::MAX),
        ),
        (
            "a long string",
            filled(r#""x":""#, "abcdefgh", "\"", usize::MAX),
        ),
    ];
    let snapshot = growth::cluster(LARGE);
    let (_, most_terms) = &bodies[0];
    let answer = mutate(most_terms, &snapshot, &Siblings::none).expect("a review");
    assert!(
        answer.body.len() > most_terms.len() / 2,
        "each term is extended"
    );
    let mut group = criterion.benchmark_group("limits");
    group.sample_size(10);
    for (name, body) in bodies {
        group.throughput(Throughput::Bytes(body.len() as u64));
        both(&mut group, name, &snapshot, &body);
    }
    group.finish();
}

criterion_group!(benches, decide, instances, growing, limits);
criterion_main!(benches);
