//! `berth explain`: where workloads would go, and why, without a cluster.

mod anew;
mod decode;
mod examine;
mod explanation;
mod json;
mod makers;
mod patched;
mod quantity;
mod remarks;
mod report;
mod role;
mod summary;
mod templates;
mod text;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;

use super::exit;
use super::files::{Inputs, Manifest, read};
use super::output::{complain, printed};
use super::sources::Sources;
use examine::{Examination, add_namespaces};

/// The command, as messages begin.
const COMMAND: &str = "explain";

const EXAMPLES: &str = "\
Examples:
  Where would the workloads below a directory go, and why?
    berth explain -f manifests/

  What would the webhook add to the manifests of a chart?
    helm template web ./chart | berth explain -f - -o diff

Exit codes: 0 all manifests were read, whatever berth says of them; 1 a manifest cannot be read, or the API server
would not read it; 64 bad usage or configuration.";

/// Shows where workloads would go, and why, without a cluster
///
/// Reads manifests as kubectl does, decides for each workload as the webhook does, and shows the outcome. For a
/// workload with a template, it decides for the pods that the template makes, and so it does for a Rollout, a Notebook
/// and other kinds of which the webhook sees only the pods. A running pod counts as it was created. It refuses a
/// manifest that the API server would not even read, such as one with cpu: "0,5", and names the field.
///
/// Namespaces in the input count, wherever they stand; any other namespace is taken as opted in. If the policy or a
/// rule is in Audit, text and json show what would happen, and yaml and diff show no change.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// More manifests, as with -f
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The form of the output: text, json, the manifests with their patches as yaml, or a diff
    #[arg(short, long, value_enum, default_value_t = Form::Text, hide_possible_values = true, value_name = "FORM")]
    output: Form,

    #[command(flatten)]
    sources: Sources,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
    Yaml,
    Diff,
}

/// Runs the command. Returns 0 if all is well, 1 if something was refused or could not be read, and 64 for bad usage or
/// configuration.
pub(super) fn run(args: &Args) -> ExitCode {
    let paths: Vec<&PathBuf> = args.inputs.filenames.iter().chain(&args.paths).collect();
    if paths.is_empty() {
        complain(
            COMMAND,
            "name the manifests: -f FILE, -f DIRECTORY, or -f - for standard input",
        );
        return ExitCode::from(exit::USAGE);
    }
    let given = args.sources.load(&mut |warning| complain(COMMAND, warning));
    let mut snapshot = match given.and_then(|given| given.snapshot().context("--policy")) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            complain(COMMAND, &format!("{error:#}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    let manifests = read(paths.into_iter().map(PathBuf::as_path));
    add_namespaces(&manifests, &mut snapshot);
    let mut examination = Examination::new(&snapshot);
    let shown = show(args.output, &manifests, &mut examination);
    if !printed(COMMAND, shown) || examination.summary.refused > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn show(form: Form, manifests: &[Manifest], examination: &mut Examination<'_>) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    let mut said = match form {
        Form::Text => text::write(manifests, examination, &mut out).map(|()| Vec::new())?,
        Form::Json => json::write(manifests, examination, &mut out).map(|()| Vec::new())?,
        Form::Yaml => patched::write_yaml(manifests, examination, &mut out)?,
        Form::Diff => patched::write_diff(manifests, examination, &mut out)?,
    };
    out.flush()?;
    if matches!(form, Form::Yaml | Form::Diff) {
        said.extend(remarks::closing(&examination.summary));
    }
    for remark in said {
        complain(COMMAND, &remark);
    }
    Ok(())
}
