//! The cluster tests: a real API server, scheduler and Karpenter in front of and behind berth. See README.md.
#![cfg(test)]
#![expect(clippy::print_stdout, reason = "how a test run reports")]

mod admission;
mod agreement;
mod costs;
mod demonstration;
mod harness;
mod installing;
mod karpenter;
mod karpenter_aws;
mod losing;
mod monitoring;
#[path = "../pages/page.rs"]
mod page;
#[path = "../monitoring/panels.rs"]
mod panels;
mod platforms;
mod runner;
mod walk;
mod watching;

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    runner::main(vec![
        admission::group(),
        demonstration::group(),
        installing::group(),
        karpenter::group(),
        karpenter_aws::own(),
        karpenter_aws::auto_mode(),
        monitoring::group(),
        platforms::objects(),
        platforms::auto_mode(),
        walk::group(),
        watching::group(),
        costs::group(),
        losing::group(),
    ])
}
