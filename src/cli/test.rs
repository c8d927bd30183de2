//! `berth test`: whether berth does with the objects of case files what the files expect.

mod json;
mod junit;
mod library;
mod results;
mod running;
mod source;
mod text;
mod update;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::exit;
use super::output::{complain, printed};
use super::sources::Sources;
use super::terminal::Screen;
use crate::cases::{Strictness, schema};
use library::Library;
use results::Results;
use running::Selection;

/// The command, as messages begin.
const COMMAND: &str = "test";

const EXAMPLES: &str = "\
Examples:
  Does berth do what the cases expect, by your policy and node pools?
    berth test cases/ --policy policy.yaml --node-pools node-pools/

  A first case: an object, and the expectation that berth writes
    cat > cases.yaml <<'END'
    name: a labelled app gets on-demand nodes
    object:
      metadata: {labels: {placement.truemark.io/pool: truemark}}
      spec: {containers: [{name: app}]}
    END
    berth test --update cases.yaml

  The policy has changed. What would it change?
    berth test cases/ --policy policy.yaml

  Accept that, and review it in the pull request:
    berth test cases/ --policy policy.yaml --update && git diff

  A report for a pipeline:
    berth test cases/ -o junit > berth.xml

  The schema of case files, for an editor:
    berth test --schema > cases.schema.json

Exit codes:
  0   every case holds
  1   something cannot be read or written
  2   a case does not hold
  64  bad usage or configuration";

/// Tests a policy: does berth do with the objects of case files what they expect?
///
/// A case file is YAML, with a document for each case: an object, the namespaces and node pools around it, and what is
/// expected of berth, such as the pool and the findings. What a case does not name is not compared. berth decides as the
/// webhook does, with the object as it would arrive there.
///
/// The policy is that of --policy, or of policyFile in the case or in the first document of its file, or the default
/// one. So it is with --node-pools and nodePoolFiles. docs/testing.md has the format, and how to run it in a pipeline.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("policy", |arg| arg.help("The policy, a PlacementPolicy in YAML, in place of those that the cases name")),
    mut_arg("node_pools", |arg| arg
        .help("Karpenter NodePools in YAML, in place of those that the cases name: a file or a directory; may be repeated")
        .long_help(None)),
)]
pub(super) struct Args {
    /// Case files: a file, a directory of .yaml, .yml and .json files, or - for standard input
    ///
    /// In a directory, files of Kubernetes objects are passed over.
    #[arg(value_name = "FILE|DIR", required_unless_present = "schema")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    sources: Sources,

    /// Run only the cases that have TEXT in their name, in one of their rules, or in the name of their file
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Fail a case for an outcome that it does not name, too, such as a warning
    #[arg(long)]
    strict: bool,

    /// Write what is found into the files, as what is expected
    ///
    /// Only fields below expect change, and all comments stay. A case without expectations gets all of its outcome.
    #[arg(long, conflicts_with = "output")]
    update: bool,

    /// The form of the output: text, junit (XML for pipelines), or json
    #[arg(
        short,
        long,
        value_enum,
        default_value_t = Form::Text,
        hide_possible_values = true,
        value_name = "FORM"
    )]
    output: Form,

    /// Print the JSON Schema of a case file's documents
    #[arg(long, conflicts_with_all = ["paths", "filter", "strict", "update", "output"])]
    schema: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Junit,
    Json,
}

/// Runs the command. Returns 0 if every case holds, 1 if something cannot be read or written, 2 if a case does not hold,
/// and 64 for bad usage or configuration.
pub(super) fn run(args: &Args) -> ExitCode {
    if args.schema {
        return code(printed(COMMAND, print_schema()), 0);
    }
    if args.update && args.paths.iter().any(|path| path.as_os_str() == "-") {
        return usage("--update writes files, and - is standard input: name a file");
    }
    let mut library = match Library::new(&args.sources, &mut |warning| complain(COMMAND, warning)) {
        Ok(library) => library,
        Err(error) => return usage(&format!("{error:#}")),
    };
    let strictness = if args.strict {
        Strictness::Whole
    } else {
        Strictness::Named
    };
    let selection = Selection {
        filter: args.filter.as_deref(),
        strictness,
    };
    let sources = source::sources(&args.paths);
    let mut results = Results::default();
    for source in &sources {
        results
            .files
            .push(running::run(source, &selection, &mut library));
    }
    if results.cases().next().is_none() && results.unreadable() == 0 {
        return usage(match &args.filter {
            Some(_) => {
                "--filter: no case has this text in its name, its rules or the name of its file"
            }
            None => "there is no case in these files",
        });
    }
    if args.update {
        update::update(&sources, &mut results);
    }
    let written = printed(COMMAND, print(args, &results));
    code(written && results.unreadable() == 0, results.failed())
}

fn code(is_well: bool, failed: usize) -> ExitCode {
    match (is_well, failed) {
        (false, _) => ExitCode::FAILURE,
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::from(exit::FINDINGS),
    }
}

fn usage(message: &str) -> ExitCode {
    complain(COMMAND, message);
    ExitCode::from(exit::USAGE)
}

fn print(args: &Args, results: &Results) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match args.output {
        Form::Text => text::write(results, Screen::of_stdout(), &mut out)?,
        Form::Junit => junit::write(results, &mut out)?,
        Form::Json => json::write(results, &mut out)?,
    }
    out.flush()
}

fn print_schema() -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &schema())?;
    writeln!(out)?;
    out.flush()
}
