//! What it costs to count the pods of split pools: memory, and the time of a decision and of an event of the watch.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has failed; what it prints is what it is for"
)]

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use berth::admission::mutate;
use berth::placement::{Owner, Snapshot};
use berth::policy::{
    Capacity, OwnNumbers, embedded_node_pools, embedded_policy_object, read_policy_object,
};
use berth::split::{CountedPod, Ledger};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;

/// Returns a pod of a controller, with its `uid`, as the watch shows it.
fn counted(controller: usize, position: usize) -> (String, CountedPod) {
    let owner = format!("{controller:08x}-35ce-4a07-9f3b-cf6a7d0b3a11");
    let side = if position.is_multiple_of(5) {
        Capacity::OnDemand
    } else {
        Capacity::Spot
    };
    let position = u32::try_from(position).expect("few pods");
    let pod = CountedPod::new(
        Owner::new("team-a", &owner).expect("a uid"),
        (side, position),
        "web",
        OwnNumbers::default(),
    );
    let uid = format!("{controller:08x}-{position:08x}-8c1d-6c7a92f1d2e4");
    (uid, pod)
}

/// Returns a ledger of controllers with so many pods each.
fn ledger(controllers: usize, pods: usize) -> Ledger {
    let ledger = Ledger::default();
    ledger.begin();
    for controller in 0..controllers {
        for position in 1..=pods {
            let (uid, pod) = counted(controller, position);
            ledger.take_listed(&uid, Some(pod));
        }
    }
    ledger.end();
    ledger
}

fn snapshot() -> Snapshot {
    let mut policy = embedded_policy_object().expect("the embedded policy");
    let pools = policy["spec"]["pools"].as_array_mut().expect("pools");
    pools.push(json!({
        "name": "web",
        "nodePools": ["amd64-default", "arm64-default"],
        "onDemand": {"nodePools": ["truemark-amd64"], "baseCapacity": 2, "percentageAboveBaseCapacity": 20},
    }));
    let (policy, _) = read_policy_object(&policy).expect("a policy");
    Snapshot::new(policy, embedded_node_pools().expect("node pools")).expect("a snapshot")
}

/// Returns the review of a pod of the first controller.
fn review(pool: &str) -> Vec<u8> {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "operation": "CREATE",
            "namespace": "team-a",
            "object": {
                "metadata": {
                    "generateName": "web-",
                    "labels": {"placement.truemark.io/pool": pool},
                    "ownerReferences": [{
                        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "controller": true,
                        "uid": "00000000-35ce-4a07-9f3b-cf6a7d0b3a11",
                    }],
                },
                "spec": {"containers": [{"name": "web", "image": "web"}]},
            },
        },
    })
    .to_string()
    .into_bytes()
}

fn memory() {
    println!("{:>12} {:>8} {:>12}", "controllers", "pods", "bytes");
    for (controllers, pods) in [(1, 10_000), (500, 20), (10_000, 1)] {
        let mut kept = None;
        let info = measure(|| kept = Some(ledger(controllers, pods)));
        println!(
            "{controllers:>12} {:>8} {:>12}",
            controllers * pods,
            info.bytes_current
        );
    }
}

fn decide(criterion: &mut Criterion) {
    memory();
    let snapshot = snapshot();
    let mut group = criterion.benchmark_group("split");
    for pods in [0, 10, 100, 1_000, 10_000] {
        let ledger = ledger(1, pods);
        for pool in ["web", "truemark"] {
            let body = review(pool);
            let id = BenchmarkId::new(pool, pods);
            group.bench_with_input(id, &body, |bencher, body| {
                bencher.iter(|| {
                    // Nothing is noted, so that every time has the same pods.
                    ledger.settle(
                        Instant::now(),
                        |siblings| mutate(black_box(body), &snapshot, siblings).expect("a review"),
                        |_| None,
                    )
                });
            });
        }
    }
    group.finish();
}

/// Time of a pod that comes and goes.
fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event");
    for (controllers, pods) in [(500, 20), (1, 10_000)] {
        let ledger = ledger(controllers, pods);
        let (uid, pod) = counted(0, pods + 1);
        group.bench_function(BenchmarkId::new("pods", pods), |bencher| {
            bencher.iter(|| {
                ledger.take(&uid, Some(pod.clone()));
                ledger.take(&uid, None);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decide, events);
criterion_main!(benches);
