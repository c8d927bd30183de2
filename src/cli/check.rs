//! `berth check`: whether a registration could keep pods from starting, before it is applied or as it is.

mod cluster;
mod json;
mod kill_switch;
mod manifests;
mod text;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{ArgGroup, ValueEnum};

use super::fail_on::FailOn;
use super::files::Inputs;
use super::kubeconfig::Access;
use super::output::{complain, printed};
use crate::preflight::{Assessment, Severity};

/// The command, as messages begin.
const COMMAND: &str = "check";

const EXAMPLES: &str = "\
Examples:
  Could these manifests keep pods from starting once they are applied?
    berth check manifests/
    kubectl kustomize deploy | berth check -f -
    helm template berth ./chart | berth check -f -

  Is this policy right, in a cluster with these node pools?
    berth check policy.yaml node-pools.yaml

  Fail a pipeline for warnings too:
    berth check manifests/ --fail-on warn

  And the installation in the cluster?
    berth check --cluster

Exit codes:
  0   nothing of the level of --fail-on was found: an error is of deny, a warning of warn, a note of neither
  1   something could not be read or reached
  2   something of that level was found
  64  bad usage";

/// Checks berth's registration: could it keep pods from starting, berth's own among them?
///
/// An error can block berth's own pods or pods that the cluster needs, or means that nothing works at all. A warning is
/// about something that waits or fails without need. A note states the price of a choice. The check assumes the worst:
/// that a system namespace may get any label, and that berth is down. It knows a match condition by its name, and does
/// not evaluate it.
///
/// Other people's webhooks are checked for one thing: whether berth's own pods wait for them.
///
/// A PlacementPolicy in the input is read as strictly as berth reads it. NodePools in the input are taken for those of
/// its cluster.
///
/// With --cluster it also checks the installation: the API server's version, the caBundle, berth's replicas, whether
/// the policy is in force, and whether its node pools exist. It reads and never writes. It says so if the kubeconfig
/// may not read something, and passes over it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    group(ArgGroup::new("what").required(true).multiple(true).args(["paths", "filenames", "cluster"])),
    mut_arg("cluster", |arg| arg.conflicts_with_all(["paths", "filenames"])),
    mut_arg("kubeconfig", |arg| arg.requires("cluster").conflicts_with_all(["paths", "filenames"])),
    mut_arg("context", |arg| arg.requires("cluster").conflicts_with_all(["paths", "filenames"])),
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// Check the cluster that KUBECONFIG or ~/.kube/config names, else the one that berth runs in
    #[arg(long)]
    cluster: bool,

    #[command(flatten)]
    access: Access,

    /// The form of the output: text, one line a fault, or json
    #[arg(short, long, value_enum, default_value_t = Form::Text, hide_possible_values = true, value_name = "FORM")]
    output: Form,

    #[command(flatten)]
    fail_on: FailOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

/// Runs the command. Returns 0 if all is well, 1 if something could not be read, and 2 if there are
/// findings of the level of `--fail-on`.
pub(super) fn run(args: &Args) -> ExitCode {
    let (mut assessment, is_whole) = if args.cluster {
        match cluster::check(&args.access) {
            Ok(assessment) => (assessment, true),
            Err(error) => {
                complain(COMMAND, &format!("{error:#}"));
                return ExitCode::FAILURE;
            }
        }
    } else {
        let (assessment, unread) =
            manifests::check(&args.inputs, &mut |warning| complain(COMMAND, warning));
        for message in &unread {
            complain(COMMAND, message);
        }
        (assessment, unread.is_empty())
    };
    assessment.faults.sort_by_key(|fault| fault.severity);
    if !printed(COMMAND, show(args.output, &assessment)) || !is_whole {
        ExitCode::FAILURE
    } else {
        let errors = assessment.count(Severity::Error);
        let warnings = assessment.count(Severity::Warning);
        args.fail_on.exit_code(errors, warnings)
    }
}

fn show(form: Form, assessment: &Assessment) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match form {
        Form::Text => text::write(assessment, &mut out)?,
        Form::Json => json::write(assessment, &mut out)?,
    }
    out.flush()
}
