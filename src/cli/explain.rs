//! `berth explain`: where workloads would go, and why, without a cluster.

mod additions;
mod anew;
mod closing;
mod code;
mod columns;
mod decode;
mod examine;
mod explanation;
mod form;
mod hints;
mod json;
mod makers;
mod outcome;
mod paper;
mod patched;
mod quantity;
mod remarks;
mod report;
mod role;
mod screenful;
mod show;
mod summary;
mod table;
mod templates;
mod text;
mod wrong_type;

use std::io;
use std::process::ExitCode;

use anyhow::Context;

use super::codes::{nearest, page};
use super::exit;
use super::fail_on::FailOn;
use super::files::{Inputs, Manifest};
use super::output::{complain, printed};
use super::sources::Sources;
use crate::placement::Snapshot;
use examine::add_namespaces;
use form::Form;
use show::show;

/// The command, as messages begin.
const COMMAND: &str = "explain";

const EXAMPLES: &str = "\
Examples:
  Where would the workloads below a directory go, and why?
    berth explain manifests/

  The same in a line for each workload:
    berth explain manifests/ -o table

  What would the webhook add to the manifests of a chart?
    helm template web ./chart | berth explain -f - -o diff

  Fail a pipeline for warnings too, and not for denials alone:
    berth explain manifests/ --fail-on warn

  What does a word of the output mean, and what is to be done?
    berth explain --code not-entitled
    berth explain --code

Exit codes:
  0   all manifests were read, and nothing of the level of --fail-on was found
  1   a manifest cannot be read, or the API server would not read it
  2   something of that level was found; in Audit nothing is denied, so all findings are of warn
  64  bad usage or configuration";

/// Shows where workloads would go, and why, without a cluster
///
/// Reads manifests as kubectl does, decides for each workload as the webhook does, and shows the outcome. For a
/// workload with a template, it decides for the pods that the template makes, and so it does for a Rollout, a Notebook
/// and other kinds of which the webhook sees only the pods. A running pod counts as it was created. A manifest that the
/// API server would not even read, such as one with cpu: "0,5", counts as unreadable, and its field is named.
///
/// Namespaces in the input count, wherever they stand; any other namespace is taken as opted in. If the policy or a
/// rule is in Audit, text, table and json show what would happen, and yaml and diff show no change.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// The form of the output: text, table, json, the manifests with their patches as yaml, or a diff
    ///
    /// Without it the form is text; a terminal gets a table of several workloads that do not fit it as text. Lines are
    /// broken for the terminal, or for the variable COLUMNS.
    #[arg(
        short,
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "FORM"
    )]
    output: Option<Form>,

    #[command(flatten)]
    fail_on: FailOn,

    /// Print the page of a reason or a check, such as conflict; without a CODE, list them all
    #[arg(
        long = "code",
        value_name = "CODE",
        num_args = 0..,
        conflicts_with_all = ["paths", "filenames", "output", "level"]
    )]
    codes: Option<Vec<String>>,

    #[command(flatten)]
    sources: Sources,
}

/// Runs the command. Returns 0 if all is well, 1 if something cannot be read, 2 if there are findings of the level of
/// `--fail-on`, and 64 for bad usage or configuration.
pub(super) fn run(args: &Args) -> ExitCode {
    if let Some(codes) = &args.codes {
        return explain_codes(codes);
    }
    if args.inputs.is_empty() {
        complain(
            COMMAND,
            "name the manifests: a file, a directory, or - for standard input",
        );
        return ExitCode::from(exit::USAGE);
    }
    let mut snapshot = match snapshot(&args.sources) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            complain(COMMAND, &format!("{error:#}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    let manifests = args.inputs.read();
    add_namespaces(&manifests, &mut snapshot);
    explain(args, &manifests, &snapshot)
}

/// Takes the policy and the node pools that the flags name.
fn snapshot(sources: &Sources) -> anyhow::Result<Snapshot> {
    let given = sources.load(&mut |warning| complain(COMMAND, warning))?;
    given.snapshot().context("--policy")
}

/// Examines manifests, and shows the outcome.
fn explain(args: &Args, manifests: &[Manifest], snapshot: &Snapshot) -> ExitCode {
    let shown = show(args.output, manifests, snapshot).map(|(summary, said)| {
        for remark in said {
            complain(COMMAND, &remark);
        }
        summary
    });
    match shown {
        Ok(summary) if summary.unreadable > 0 => ExitCode::FAILURE,
        Ok(summary) => args.fail_on.exit_code(summary.denials(), summary.warned),
        Err(error) => {
            if printed(COMMAND, Err(error)) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// Prints the pages of codes, or a list of all.
fn explain_codes(codes: &[String]) -> ExitCode {
    if let Some(code) = codes.iter().find(|code| page(code).is_none()) {
        let hint = match nearest(code) {
            Some(near) => format!("did you mean {near}?"),
            None => "berth explain --code lists all".to_owned(),
        };
        complain(
            COMMAND,
            &format!("--code: {code:?} is no reason and no check; {hint}"),
        );
        return ExitCode::from(exit::USAGE);
    }
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    if printed(COMMAND, code::write(codes, &mut out)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
