//! Instructions of one request, counted by callgrind, which gives the same number on a busy machine and on an idle one.
//! Where `QEMU` names an emulator, it counts instead: `make bench-arm64`.
//!
//! `large` is berth in the largest cluster that it is measured in, under the largest policy. `checks` are those of
//! `/validate`.
//!
//! Run plainly, it runs itself under the counter twice for each body, with few and with many requests: the difference is
//! what the requests themselves cost, without start and set-up.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has failed; what it prints is what it is for"
)]

#[path = "support/growth.rs"]
mod growth;
#[path = "support/node_pool.rs"]
mod node_pool;
mod support;

use std::env;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use berth::admission::{mutate, validate};
use berth::placement::Siblings;
use growth::{LARGE, Size};

const FEW: u64 = 10;
const MANY: u64 = 30;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let [_, way, kilobytes, times] = arguments.as_slice() {
        work(
            way,
            kilobytes.parse().expect("a size"),
            times.parse().expect("a number"),
        );
        return ExitCode::SUCCESS;
    }
    if env::var_os("QEMU").is_none() && Command::new("valgrind").arg("--version").output().is_err()
    {
        println!("instructions: not counted, since valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    println!("{:>6} {:>12} {:>14}", "body", "way", "instructions");
    let (sizes, ways) = if env::var_os("QEMU").is_some() {
        // It takes a second for a million instructions.
        (&[12][..], &["berth", "checks"][..])
    } else {
        let ways = &["berth", "large", "checks", "large-checks", "usual"];
        (&[3, 12, 60][..], &ways[..])
    };
    for &kilobytes in sizes {
        for &way in ways {
            let each = (count(way, kilobytes, MANY) - count(way, kilobytes, FEW)) / (MANY - FEW);
            println!("{kilobytes:>4}KB {way:>12} {each:>14}");
        }
    }
    ExitCode::SUCCESS
}

fn work(way: &str, kilobytes: usize, times: u64) {
    let body = support::review(kilobytes * 1024);
    let snapshot = growth::cluster(if way.starts_with("large") {
        LARGE
    } else {
        Size::default()
    });
    for _ in 0..times {
        let body = black_box(&body);
        black_box(match way {
            "berth" | "large" => {
                mutate(body, &snapshot, &Siblings::none)
                    .expect("a review")
                    .body
            }
            "checks" | "large-checks" => validate(body, &snapshot).expect("a review").body,
            _ => support::usual(body),
        });
    }
}

/// The instructions of a whole run.
fn count(way: &str, kilobytes: usize, times: u64) -> u64 {
    let own = env::current_exe().expect("a program has a path");
    let arguments = [way, &kilobytes.to_string(), &times.to_string()];
    if let Some(qemu) = env::var_os("QEMU") {
        // It translates one instruction at a time, and writes a line for each that runs.
        let mut run = Command::new(qemu)
            .args(["-singlestep", "-d", "nochain,exec"])
            .arg(own)
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the emulator runs");
        let lines = BufReader::new(run.stderr.take().expect("its standard error")).split(b'\n');
        let lines = lines.map_while(Result::ok);
        let count = lines.filter(|line| line.starts_with(b"Trace ")).count();
        assert!(
            run.wait().is_ok_and(|status| status.success()),
            "the run failed"
        );
        return count as u64;
    }
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args(arguments)
        .output()
        .expect("valgrind runs");
    // Callgrind prints its own summary, as `Collected : N`.
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .expect("callgrind's own summary");
    collected.1.trim().parse().expect("a number")
}
