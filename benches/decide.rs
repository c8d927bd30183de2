//! Time of decode, decide and patch, beside the usual way on the same bodies in the same run.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has failed"
)]

mod support;

use std::hint::black_box;

use berth::admission::mutate;
use berth::node::NodePool;
use berth::placement::{Siblings, Snapshot};
use berth::policy::{embedded_node_pools, embedded_policy};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;

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

criterion_group!(benches, decide, instances);
criterion_main!(benches);
