//! `berth crd`: the definition of the custom resource.

use std::io::{self, Write};
use std::process::ExitCode;

use super::output::{printed, yaml};
use crate::definition::definition;

const EXAMPLES: &str = "\
Examples:
  Teach a cluster the fields of this version, before this version is rolled out:
    berth crd | kubectl apply --server-side -f -

  Then write a policy, and see whether berth accepts it:
    kubectl explain placementpolicy.spec.pools
    kubectl apply -f policy.yaml
    kubectl get placementpolicy -o wide";

/// Prints the CustomResourceDefinition of PlacementPolicy as YAML
///
/// kubectl apply -k deploy installs the same definition; this command is for upgrades, and for clusters that are set up
/// in another way. The definition must not be older than berth: the API server checks only the fields that it knows.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

/// Runs the command.
pub(super) fn run(_: &Args) -> ExitCode {
    if printed("crd", print()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "# The custom resource PlacementPolicy. Made of berth's types by `berth crd`: not to be edited."
    )?;
    out.write_all(yaml(&definition())?.as_bytes())?;
    out.flush()
}
