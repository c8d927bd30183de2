//! `berth init`: a first policy over the node pools that there are.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{ArgGroup, ValueEnum};

use super::cluster::{Basis, Refusal, ask};
use super::files::Inputs;
use super::kubeconfig::Access;
use super::output::{complain, printed};
use super::sources::add_node_pools;
use crate::encoding::wording::counted;
use crate::node::Catalogue;
use crate::placement::Live;
use crate::policy::{Draft, DraftForm, Mode, draft};

/// The command, as messages begin.
const COMMAND: &str = "init";

const EXAMPLES: &str = "\
Examples:
  Write a policy over the node pools of the cluster, and read it:
    berth init --cluster > policy.yaml

  Or over the NodePools in a directory:
    berth init node-pools/ > policy.yaml

  As values of the Helm chart, to try it first:
    berth init --cluster --mode Audit -o values > values.yaml

  Where would your workloads go by it?
    berth explain --policy policy.yaml --node-pools node-pools/ -f manifests/

Exit codes: 0 the policy is written; 1 there is no node pool for it, or something cannot be
read or reached; 64 bad usage.";

/// Writes a first policy over the node pools that you have
///
/// Node pools that differ by architecture alone become one pool. Of those without a taint, spot becomes the pool
/// `default`, for pods that ask for nothing; node pools named for Jobs become `batch`; each other group becomes a pool
/// that pods ask for by label. The comments in the policy say what could not be known, and which node pools are left out.
///
/// It prints the policy, and writes nothing to the cluster.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    group(ArgGroup::new("what").required(true).multiple(true).args(["filenames", "paths", "cluster"])),
    mut_arg("paths", |arg| arg.conflicts_with("cluster").help("Files or directories of NodePools, as with -f")),
    mut_arg("filenames", |arg| arg
        .visible_alias("node-pools")
        .conflicts_with("cluster")
        .help("Karpenter NodePools: a file, a directory of .yaml, .yml and .json files, or - for standard input; may be \
               repeated")),
    mut_arg("kubeconfig", |arg| arg.requires("cluster").conflicts_with_all(["filenames", "paths"])),
    mut_arg("context", |arg| arg.requires("cluster").conflicts_with_all(["filenames", "paths"])),
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// Read the NodePools of the cluster that KUBECONFIG or ~/.kube/config names
    #[arg(long)]
    cluster: bool,

    #[command(flatten)]
    access: Access,

    /// The form of the output: policy, an object for kubectl, or values for the Helm chart
    #[arg(
        short,
        long,
        value_enum,
        default_value_t = Output::Policy,
        hide_possible_values = true,
        value_name = "FORM"
    )]
    output: Output,

    /// The mode of the policy: Enforce, or Audit, in which berth only says what it would do
    #[arg(long, value_name = "MODE", default_value_t = Mode::Enforce)]
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Policy,
    Values,
}

/// Runs the command. Returns 0 if the policy is written, and 1 if there is none.
pub(super) fn run(args: &Args) -> ExitCode {
    let written = node_pools(args).and_then(|catalogue| {
        let form = match args.output {
            Output::Policy => DraftForm::Object,
            Output::Values => DraftForm::Values,
        };
        let drafted = draft(&catalogue, args.mode, form);
        drafted.map_err(|error| anyhow!("{error}. {REMEDY}"))
    });
    match written {
        Ok(draft) => {
            if !printed(COMMAND, print(&draft.text)) {
                return ExitCode::FAILURE;
            }
            complain(COMMAND, &summary(&draft));
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(COMMAND, &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

const REMEDY: &str =
    "A policy needs one that makes Linux nodes for pods: deploy/platforms has some to begin with";

/// Reads the node pools that the flags name. Says which ones cannot be read, and passes over them in a cluster.
fn node_pools(args: &Args) -> anyhow::Result<Catalogue> {
    if args.cluster {
        return of_cluster(args);
    }
    let mut catalogue = Catalogue::default();
    for path in args.inputs.named() {
        let warn = &mut |warning: &str| complain(COMMAND, &format!("warning: {warning}"));
        let found = add_node_pools(path, &mut catalogue, warn)?;
        found.any().with_context(|| path.display().to_string())?;
    }
    Ok(catalogue)
}

fn of_cluster(args: &Args) -> anyhow::Result<Catalogue> {
    let basis = ask(&args.access, "--cluster", Basis::read)?;
    match &basis.node_pools {
        Ok(_) => {}
        Err(Refusal::NotFound) => bail!(
            "--cluster: the cluster serves no NodePools: it has no Karpenter. For CAST AI, begin with \
             deploy/platforms/cast-ai"
        ),
        Err(Refusal::Forbidden) => {
            bail!("--cluster: this kubeconfig may not list nodepools.karpenter.sh")
        }
        Err(Refusal::Other(message)) => bail!("--cluster: nodepools: {message}"),
    }
    let (live, unreadable) = basis.live();
    for (name, error) in unreadable {
        complain(
            COMMAND,
            &format!("warning: NodePool {name} is left out: {error}"),
        );
    }
    match live {
        Live::Listed(catalogue) => Ok(catalogue),
        Live::NotServed | Live::Unknown => Ok(Catalogue::default()),
    }
}

/// Sums the policy up in one line.
fn summary(draft: &Draft) -> String {
    let node_pools = counted(draft.node_pools, "node pool");
    let pools = counted(draft.pools.len(), "pool");
    format!("{pools} over {node_pools}: {}", draft.pools.join(", "))
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
