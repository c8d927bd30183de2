//! Time of decode, decide and patch, beside the usual way on the same bodies in the same run.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has failed"
)]

mod support;

use std::hint::black_box;

use berth::admission::mutate;
use berth::placement::Snapshot;
use berth::policy::{embedded_node_pools, embedded_policy};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

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
                bencher.iter(|| mutate(black_box(body), &snapshot).expect("a review").body);
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

criterion_group!(benches, decide);
criterion_main!(benches);
