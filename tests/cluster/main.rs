//! The cluster tests: a real API server, scheduler and Karpenter in front of and behind berth. See README.md.
#![cfg(test)]

mod harness;
mod runner;

use std::process::ExitCode;

use runner::{Group, Test};

fn main() -> anyhow::Result<ExitCode> {
    runner::main(vec![Group {
        name: "smoke",
        tests: vec![Test {
            name: "nodes",
            run: |cluster| {
                Box::pin(async {
                    println!("{:?}", cluster.kubectl(&["get", "ns"])?);
                    Ok(())
                })
            },
        }],
    }])
}
