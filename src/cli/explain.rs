//! `berth explain`: where workloads would go, and why, from manifests or from a cluster.

mod additions;
mod anew;
mod both_sides;
mod closing;
mod code;
mod decode;
mod division;
mod examine;
mod explanation;
mod form;
mod hints;
mod json;
mod live;
mod makers;
mod outcome;
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

use std::io;
use std::process::ExitCode;

use anyhow::Context;

use super::cluster::ask;
use super::codes::{nearest, page};
use super::exit;
use super::fail_on::FailOn;
use super::files::{Inputs, Manifest};
use super::kubeconfig::Access;
use super::output::{complain, printed};
use super::sources::Sources;
use crate::placement::Snapshot;
pub(super) use examine::fates;
use examine::{Examination, add_namespaces};
pub(super) use explanation::{Explanation, has_controller, why};
use form::Form;
use live::Wanted;
pub(super) use report::Fate;
pub(super) use role::makes_pods;
use show::show;

/// The help for what stands without a flag.
const PATHS_HELP: &str = "Files or directories of manifests, as with -f; with --cluster the names of objects: pod/NAME, deploy/NAME, NAME for a pod";

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

  Why is this pod of the cluster where it is?
    berth explain --cluster pod/web-6d4b75cb6d-hx2xz -n shop

  And all that makes pods in a namespace?
    berth explain --cluster -n shop

  Fail a pipeline for warnings too, and not for denials alone:
    berth explain manifests/ --fail-on warn

  What does a word of the output mean, and what is to be done?
    berth explain --code not-entitled
    berth explain --code

Exit codes:
  0   all was read, and nothing of the level of --fail-on was found
  1   something cannot be read, or the API server would not read it
  2   something of that level was found; in Audit nothing is denied, so all findings are of warn
  64  bad usage or configuration";

/// Shows where workloads would go, and why, from manifests or from a cluster
///
/// Reads manifests as kubectl does, decides for each workload as the webhook does, and shows the outcome. For a
/// workload with a template, it decides for the pods that the template makes, and so it does for a Rollout, a Notebook
/// and other kinds of which the webhook sees only the pods. A running pod counts as it was created. A manifest that the
/// API server would not even read, such as one with cpu: "0,5", counts as unreadable, and its field is named.
///
/// With --cluster it reads live objects, and decides by the cluster's own policy, node pools and namespaces. Of a pod it
/// also says where it runs, or why it waits, and what to do if berth would decide otherwise today.
///
/// Namespaces in the input count, wherever they stand; any other namespace is taken as opted in. If the policy or a
/// rule is in Audit, text, table and json show what would happen, and yaml and diff show no change.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("paths", |arg| arg.value_name("PATH|KIND/NAME").help(PATHS_HELP)),
    mut_arg("kubeconfig", |arg| arg.requires("cluster").conflicts_with("filenames")),
    mut_arg("context", |arg| arg.requires("cluster").conflicts_with("filenames")),
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// Explain objects of the cluster that KUBECONFIG or ~/.kube/config names; without names, all that make pods
    #[arg(long, conflicts_with = "filenames")]
    cluster: bool,

    /// The namespace of the objects, in place of that of the kubeconfig's context
    #[arg(
        short,
        long,
        value_name = "NAME",
        requires = "cluster",
        conflicts_with = "filenames"
    )]
    namespace: Option<String>,

    /// Explain the objects of all namespaces
    #[arg(short = 'A', long, requires = "cluster", conflicts_with_all = ["filenames", "namespace"])]
    all_namespaces: bool,

    #[command(flatten)]
    access: Access,

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
        conflicts_with_all = ["paths", "filenames", "cluster", "output", "level"]
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
    if args.cluster {
        return of_cluster(args);
    }
    if args.inputs.is_empty() {
        return usage("name the manifests: a file, a directory, or - for standard input");
    }
    let mut snapshot = match snapshot(&args.sources) {
        Ok(snapshot) => snapshot,
        Err(error) => return usage(&format!("{error:#}")),
    };
    let manifests = args.inputs.read();
    add_namespaces(&manifests, &mut snapshot);
    explain(args, &manifests, Examination::new(&snapshot))
}

/// Takes the policy and the node pools that the flags name.
fn snapshot(sources: &Sources) -> anyhow::Result<Snapshot> {
    let given = sources.load(&mut |warning| complain(COMMAND, warning))?;
    given.snapshot().context("--policy")
}

/// Explains objects of a cluster.
fn of_cluster(args: &Args) -> ExitCode {
    if matches!(args.output, Some(Form::Yaml | Form::Diff)) {
        return usage(
            "--cluster: yaml and diff would show what live objects hold, secrets included; for one object: kubectl get \
             KIND NAME -o yaml | berth explain -f - -o diff",
        );
    }
    let names = args.inputs.paths.iter();
    let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
    let names = names.iter().map(|name| &**name);
    let wanted = match Wanted::new(names, args.namespace.clone(), args.all_namespaces) {
        Ok(wanted) => wanted,
        Err(error) => return usage(&error),
    };
    let given = match args.sources.load(&mut |warning| complain(COMMAND, warning)) {
        Ok(given) => given,
        Err(error) => return usage(&format!("{error:#}")),
    };
    let read = ask(&args.access, "--cluster", async |api_server| {
        live::read(api_server, given, &wanted).await
    });
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            complain(COMMAND, &format!("{error:#}"));
            return ExitCode::FAILURE;
        }
    };
    for remark in &read.remarks {
        complain(COMMAND, remark);
    }
    let examination = Examination::of_live(&read.snapshot, &read.facts);
    let code = explain(args, &read.manifests, examination);
    if read.is_whole {
        code
    } else {
        ExitCode::FAILURE
    }
}

fn usage(message: &str) -> ExitCode {
    complain(COMMAND, message);
    ExitCode::from(exit::USAGE)
}

/// Examines manifests, and shows the outcome.
fn explain(args: &Args, manifests: &[Manifest], examination: Examination<'_>) -> ExitCode {
    let shown = show(args.output, manifests, examination).map(|(summary, said)| {
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
