//! Allocations of one request: how many, how many bytes, and how many bytes at once.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has failed; what it prints is what it is for"
)]

mod support;

use allocation_counter::measure;
use berth::admission::mutate;
use berth::placement::{Siblings, Snapshot};
use berth::policy::{embedded_node_pools, embedded_policy};

fn main() {
    let (policy, _) = embedded_policy().expect("the embedded policy");
    let snapshot = Snapshot::new(
        policy,
        embedded_node_pools().expect("the embedded node pools"),
    )
    .expect("a snapshot");
    println!(
        "{:>10} {:>8} {:>12} {:>12} {:>12}",
        "body", "way", "allocations", "bytes", "most bytes"
    );
    for kilobytes in [3, 12, 60] {
        let body = support::review(kilobytes * 1024);
        // The first call of a process may set up what later ones share.
        let _ = mutate(&body, &snapshot, &Siblings::none);
        let berth = measure(|| drop(mutate(&body, &snapshot, &Siblings::none)));
        let usual = measure(|| drop(support::usual(&body)));
        for (way, info) in [("berth", berth), ("usual", usual)] {
            println!(
                "{:>10} {way:>8} {:>12} {:>12} {:>12}",
                body.len(),
                info.count_total,
                info.bytes_total,
                info.bytes_max
            );
        }
    }
}
