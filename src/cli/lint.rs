//! `berth lint`: what is accepted in a policy and its node pools, and is surely not meant so.

mod inputs;
mod json;
mod located;
mod pages;
mod report;
mod sarif;
mod text;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{ArgGroup, ValueEnum};

use super::fail_on::FailOn;
use super::files::Inputs;
use super::kubeconfig::Access;
use super::output::{complain, printed};
use super::terminal::Screen;
use crate::preflight::Severity;
use inputs::Gathered;
use report::Report;

/// The command, as messages begin.
const COMMAND: &str = "lint";

const EXAMPLES: &str = "\
Examples:
  Is this policy what you mean, over these node pools?
    berth lint -f policy.yaml -f node-pools/

  And over those of the cluster, before it is applied?
    berth lint policy.yaml --cluster

  The policy and the node pools of the cluster:
    berth lint --cluster

  Rendered manifests:
    kubectl kustomize overlays/prod | berth lint -f -

  Fail a pipeline for warnings too, and show them in a code review:
    berth lint policy.yaml node-pools/ --fail-on warn
    berth lint policy.yaml node-pools/ -o sarif > berth.sarif

Exit codes:
  0   nothing of the level of --fail-on was found: an error is of deny, a warning
      of warn, a note of neither
  1   something could not be read or reached
  2   something of that level was found
  64  bad usage";

/// Finds what a policy and its node pools surely do not mean: rules that no pod reaches, node pools open to others' pods
///
/// An error keeps the policy, or a node pool, from counting at all. A warning is about pods that go elsewhere than
/// their author thinks, or nowhere. A note is about what may well be meant. docs/lint.md has a section for each.
///
/// Without a policy in the input, the default policy is looked at, or that of the cluster. Without NodePools in the
/// input, and without --cluster, any node pool may exist, and berth looks at the policy alone.
///
/// With --cluster, what the input does not have is read from the cluster: its policy, and its node pools beside those of
/// the input. It reads and never writes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    group(ArgGroup::new("what").required(true).multiple(true).args(["paths", "filenames", "cluster"])),
    mut_arg("kubeconfig", |arg| arg.requires("cluster")),
    mut_arg("context", |arg| arg.requires("cluster")),
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// Read the cluster that KUBECONFIG or ~/.kube/config names, else the one that berth runs in
    #[arg(long)]
    cluster: bool,

    #[command(flatten)]
    access: Access,

    /// The form of the output: text, json, or sarif, version 2.1.0, for code reviews
    #[arg(short, long, value_enum, default_value_t = Form::Text, hide_possible_values = true, value_name = "FORM")]
    output: Form,

    #[command(flatten)]
    fail_on: FailOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
    Sarif,
}

/// Runs the command. Returns 0 if all is well, 1 if something could not be read, and 2 if there are findings of the level
/// of `--fail-on`.
pub(super) fn run(args: &Args) -> ExitCode {
    let mut gathered = Gathered::default();
    gathered.add_files(&args.inputs, &mut |warning| complain(COMMAND, warning));
    let complete = if args.cluster {
        gathered.add_cluster(&args.access)
    } else {
        gathered.add_defaults()
    };
    if let Err(error) = complete {
        gathered.unread.push(format!("{error:#}"));
    }
    for message in &gathered.unread {
        complain(COMMAND, message);
    }
    let report = Report::of(&gathered);
    if !printed(COMMAND, show(args.output, &report)) || !gathered.unread.is_empty() {
        return ExitCode::FAILURE;
    }
    let errors = report.count(Severity::Error);
    args.fail_on
        .exit_code(errors, report.count(Severity::Warning))
}

fn show(form: Form, report: &Report) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match form {
        Form::Text => text::write(report, Screen::of_stdout().columns, &mut out)?,
        Form::Json => json::write(report, &mut out)?,
        Form::Sarif => sarif::write(report, &mut out)?,
    }
    out.flush()
}
