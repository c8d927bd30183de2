//! `berth explain`: where workloads would go, and why, offline.

mod decode;
mod json;
mod judge;
mod manifest;
mod quantity;
mod role;
mod text;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;

use super::input::{self, Document};
use super::{Sources, USAGE, complain, printed};
use crate::policy::Mode;
use judge::{Entry, Outcome, Report};

/// The command, as messages begin.
const COMMAND: &str = "explain";

const EXAMPLES: &str = "\
Examples:
  Where would the workloads below a directory go, and why?
    berth explain -f manifests/

  What would the webhook add to what a chart renders?
    helm template web ./chart | berth explain -f - -o diff

Exit codes: 0 fine, 1 something was refused or could not be read, 64 bad usage or configuration.";

/// Shows where workloads would go, and why, offline
///
/// Reads manifests as kubectl does, decides for each workload as the webhook does, and shows the outcome. Of a
/// workload with a template, it decides for the pods that the template makes. What the API server would refuse to
/// read at all, such as cpu: "0,5", is refused here with the field's path.
///
/// Namespaces in the input count, wherever they stand; a namespace that is not among them is taken as opted in.
/// Where the policy or a rule is in Audit, the outcome is what would be, and yaml and diff show no change.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A file, a directory of .yaml, .yml and .json files, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    filenames: Vec<PathBuf>,

    /// More of the same
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// What to write: text, json, the manifests with their patches as yaml, or a diff
    #[arg(short, long, value_enum, default_value_t = Output::Text, hide_possible_values = true, value_name = "FORM")]
    output: Output,

    #[command(flatten)]
    sources: Sources,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
    Yaml,
    Diff,
}

/// Explains: 0 is fine, 1 where something was refused or could not be read, 64 bad usage or configuration.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let paths: Vec<&PathBuf> = args.filenames.iter().chain(&args.paths).collect();
    if paths.is_empty() {
        complain(
            COMMAND,
            "name what to explain: -f FILE, -f DIRECTORY, or -f - for standard input",
        );
        return ExitCode::from(USAGE);
    }
    let given = args.sources.load();
    let mut snapshot = match given.and_then(|given| given.snapshot().context("--policy")) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            complain(COMMAND, &format!("{error:#}"));
            return ExitCode::from(USAGE);
        }
    };
    let mut documents = Vec::new();
    for file in input::files(&paths) {
        match file {
            Ok(file) => input::read(&file, &mut documents),
            Err((path, message)) => documents.push(Document::unread(&path, message)),
        }
    }
    let report = judge::judge(&documents, &mut snapshot);
    if !printed(COMMAND, show(args.output, &report)) {
        return ExitCode::FAILURE;
    }
    let refused = |entry: &Entry<'_, '_>| matches!(entry.outcome, Outcome::Refused { .. });
    if report.entries.iter().any(refused) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn show(output: Output, report: &Report<'_, '_>) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match output {
        Output::Text => text::write(report, &mut out)?,
        Output::Json => json::write(report, &mut out)?,
        Output::Yaml => manifest::write_yaml(report, &mut out)?,
        Output::Diff => manifest::write_diff(report, &mut out)?,
    }
    out.flush()?;
    if matches!(output, Output::Yaml | Output::Diff) {
        remark(report);
    }
    Ok(())
}

/// Says beside manifests what has no place in them.
fn remark(report: &Report<'_, '_>) {
    let mut audited = 0;
    for entry in &report.entries {
        match &entry.outcome {
            Outcome::Refused { .. } => {
                complain(COMMAND, &format!("{}: {}", entry.place, entry.refusal()));
            }
            Outcome::Explained(explanation) => {
                let decision = &explanation.decision;
                for finding in &explanation.findings {
                    complain(
                        COMMAND,
                        &format!(
                            "{}: {}: {}: {}: {}",
                            entry.place,
                            entry.identity,
                            text::verdict(finding.action, decision.mode),
                            finding.check,
                            finding.message()
                        ),
                    );
                }
                audited += usize::from(decision.mode == Mode::Audit && !decision.edits.is_empty());
            }
            Outcome::Skipped => {}
        }
    }
    if audited > 0 {
        complain(
            COMMAND,
            &format!("note: {audited} left unpatched, because the policy or the rule is in Audit"),
        );
    }
    if let Some(note) = text::assumption(report) {
        complain(COMMAND, &format!("note: {note}"));
    }
}
