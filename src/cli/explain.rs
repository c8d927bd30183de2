//! `berth explain`: where workloads would go, and why, from manifests or from a cluster.

mod anew;
mod decode;
mod examine;
mod explanation;
mod json;
mod live;
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

use super::cluster::ask;
use super::exit;
use super::files::{Inputs, Manifest, read};
use super::kubeconfig::Access;
use super::output::{complain, printed};
use super::sources::Sources;
use examine::{Examination, add_namespaces};
use live::Wanted;

/// The command, as messages begin.
const COMMAND: &str = "explain";

const EXAMPLES: &str = "\
Examples:
  Where would the workloads below a directory go, and why?
    berth explain -f manifests/

  What would the webhook add to the manifests of a chart?
    helm template web ./chart | berth explain -f - -o diff

  Why is this pod of the cluster where it is?
    berth explain --cluster pod/web-6d4b75cb6d-hx2xz -n shop

  And all that makes pods in a namespace?
    berth explain --cluster -n shop

Exit codes: 0 all manifests were read, whatever berth says of them; 1 a manifest cannot be read, or the API server
would not read it; 64 bad usage or configuration.";

/// Shows where workloads would go, and why, from manifests or from a cluster
///
/// Reads manifests as kubectl does, decides for each workload as the webhook does, and shows the outcome. For a
/// workload with a template, it decides for the pods that the template makes, and so it does for a Rollout, a Notebook
/// and other kinds of which the webhook sees only the pods. A running pod counts as it was created. It refuses a
/// manifest that the API server would not even read, such as one with cpu: "0,5", and names the field.
///
/// With --cluster it reads live objects, and decides by the cluster's own policy, node pools and namespaces. Of a pod it
/// also says where it runs, or why it waits, and what to do if berth would decide otherwise today.
///
/// Namespaces in the input count, wherever they stand; any other namespace is taken as opted in. If the policy or a
/// rule is in Audit, text and json show what would happen, and yaml and diff show no change.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("kubeconfig", |arg| arg.requires("cluster").conflicts_with("filenames")),
    mut_arg("context", |arg| arg.requires("cluster").conflicts_with("filenames")),
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// More manifests, as with -f; with --cluster the names of objects: pod/NAME, deploy/NAME, NAME for a pod
    #[arg(value_name = "PATH|KIND/NAME")]
    paths: Vec<PathBuf>,

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
    if args.cluster {
        return of_cluster(args);
    }
    let paths: Vec<&PathBuf> = args.inputs.filenames.iter().chain(&args.paths).collect();
    if paths.is_empty() {
        return usage("name the manifests: -f FILE, -f DIRECTORY, or -f - for standard input");
    }
    let given = args.sources.load(&mut |warning| complain(COMMAND, warning));
    let mut snapshot = match given.and_then(|given| given.snapshot().context("--policy")) {
        Ok(snapshot) => snapshot,
        Err(error) => return usage(&format!("{error:#}")),
    };
    let manifests = read(paths.into_iter().map(PathBuf::as_path));
    add_namespaces(&manifests, &mut snapshot);
    examine(args, &manifests, Examination::new(&snapshot))
}

/// Explains objects of a cluster.
fn of_cluster(args: &Args) -> ExitCode {
    if matches!(args.output, Form::Yaml | Form::Diff) {
        return usage(
            "--cluster: yaml and diff would show what live objects hold, secrets included; for one object: kubectl get \
             KIND NAME -o yaml | berth explain -f - -o diff",
        );
    }
    let names: Vec<_> = args
        .paths
        .iter()
        .map(|name| name.to_string_lossy())
        .collect();
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
    let mut examination = Examination::new(&read.snapshot);
    examination.facts = Some(&read.facts);
    let code = examine(args, &read.manifests, examination);
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

fn examine(args: &Args, manifests: &[Manifest], mut examination: Examination<'_>) -> ExitCode {
    let shown = show(args.output, manifests, &mut examination);
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
