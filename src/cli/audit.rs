//! `berth audit`: a cluster as it is and as it would be, workload by workload.

mod arithmetic;
mod basis;
mod dump;
mod flows;
mod grouping;
mod inventory;
mod json;
mod judgement;
mod key;
mod limits;
mod live;
mod opting_in;
mod owners;
mod page;
mod prices;
mod progress;
mod report;
mod sides;
mod steps;
mod sums;
mod text;
mod workloads;

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;

use super::cluster::ask_within;
use super::exit;
use super::fail_on::FailOn;
use super::files::Inputs;
use super::kubeconfig::Access;
use super::output::{complain, printed};
use super::sources::Sources;
use crate::placement::Given;
use basis::Read;
use opting_in::AsIf;
use prices::PriceList;
use progress::Progress;
use report::{Report, VERSION};
use workloads::{Row, Rows};

/// The command, as messages begin.
const COMMAND: &str = "audit";

/// The time limit of reading a cluster.
const LIMIT: Duration = Duration::from_mins(15);

const EXAMPLES: &str = "\
Examples:
  What would change if every namespace of the cluster opted in?
    berth audit --cluster --as-if-opted-in

  And if those of one team did?
    berth audit --cluster --as-if-opted-in=team=shop

  Without access to the cluster, from what somebody else printed:
    kubectl get namespaces,nodes,nodepools -o json > cluster.json
    kubectl get deploy,rs,sts,ds,cj,job,po -A -o json > workloads.json
    berth audit cluster.json workloads.json

  With another policy than the cluster's:
    berth audit --cluster --policy policy.yaml

  What does it cost now, and then?
    kubectl get --raw /api/v1/namespaces/kube-system/services/karpenter:8080/proxy/metrics > prices
    berth audit --cluster --as-if-opted-in --prices prices

  A page to sort, filter and hand around:
    berth audit --cluster --as-if-opted-in -o html > audit.html

  Which pods did berth miss?
    berth audit --cluster -o json | jq '.workloads[] | select(.missed > 0)'

Exit codes:
  0   all was read, and nothing of the level of --fail-on was found
  1   something cannot be read or reached
  2   something of that level was found; in Audit nothing is denied, so all
      findings are of warn
  64  bad usage or configuration";

/// Shows a cluster as it is and as it would be under the policy, workload by workload
///
/// For each workload: where its pods are now, where berth would place them, if that moves them, what blocks or warns,
/// and which pods berth missed. At the end the sums by pool, capacity type and architecture, now and then, and if the
/// limits of the node pools take what would come. A workload is judged by its own template, or else by one of its pods as
/// it was created.
///
/// It reads a cluster, or a dump of one: files of what kubectl get prints, in any mixture. NodePools and the
/// PlacementPolicy in a dump count unless flags name others. Nodes say where pods are, namespaces if they have opted
/// in; a namespace that is not in a dump is taken as opted in.
///
/// It never writes. docs/audit-report.md lists the rights that it needs, and says what each field of the JSON is. What
/// the kubeconfig may not read is said and left out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("paths", |arg| arg.conflicts_with("cluster")),
    mut_arg("kubeconfig", |arg| arg.requires("cluster").conflicts_with_all(["filenames", "paths"])),
    mut_arg("context", |arg| arg.requires("cluster").conflicts_with_all(["filenames", "paths"])),
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,

    /// Audit the cluster that KUBECONFIG or ~/.kube/config names, all namespaces of it
    #[arg(long, conflicts_with = "filenames")]
    cluster: bool,

    /// Audit one namespace of the cluster
    #[arg(
        short,
        long,
        value_name = "NAME",
        requires = "cluster",
        conflicts_with_all = ["filenames", "paths"]
    )]
    namespace: Option<String>,

    /// Audit all namespaces of the cluster, as without it
    #[arg(short = 'A', long, requires = "cluster", conflicts_with_all = ["filenames", "paths", "namespace"])]
    all_namespaces: bool,

    #[command(flatten)]
    access: Access,

    /// Judge namespaces as if they had opted in: all, or those whose labels a SELECTOR matches
    #[arg(
        long,
        value_name = "SELECTOR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    as_if_opted_in: Option<AsIf>,

    /// The prices of instances, for costs now and then: Karpenter's page of metrics, or Prometheus' answer as JSON
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,

    /// The form of the output: text, json, or html, a page of one file
    #[arg(short, long, value_enum, default_value_t = Form::Text, hide_possible_values = true, value_name = "FORM")]
    output: Form,

    #[command(flatten)]
    fail_on: FailOn,

    #[command(flatten)]
    sources: Sources,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
    Html,
}

/// Runs the command. Returns 0 if all is well, 1 if something cannot be read, 2 if there are findings of the level of
/// `--fail-on`, and 64 for bad usage or configuration.
pub(super) fn run(args: &Args) -> ExitCode {
    if !args.cluster && args.inputs.is_empty() {
        return usage("name a dump, or ask for --cluster: berth audit --help shows both");
    }
    let given = match args.sources.load(&mut |warning| complain(COMMAND, warning)) {
        Ok(given) => given,
        Err(error) => return usage(&format!("{error:#}")),
    };
    let prices = args.prices.as_deref().map(PriceList::read).transpose();
    let prices = match prices {
        Ok(prices) => prices,
        Err(error) => {
            let file = args.prices.clone().unwrap_or_default();
            return usage(&format!("--prices {}: {error}", file.display()));
        }
    };
    let mut progress = Progress::new();
    let read = read(args, given, &mut progress);
    progress.end();
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            complain(COMMAND, &format!("{error:#}"));
            return ExitCode::FAILURE;
        }
    };
    audit(args, read, prices.as_ref(), &mut progress)
}

fn usage(message: &str) -> ExitCode {
    complain(COMMAND, message);
    ExitCode::from(exit::USAGE)
}

/// Reads the cluster or the dump.
fn read(args: &Args, given: Given, progress: &mut Progress) -> anyhow::Result<Read> {
    if !args.cluster {
        return dump::read(&args.inputs, given, progress);
    }
    ask_within(LIMIT, &args.access, "--cluster", async |api_server| {
        live::read(api_server, given, args.namespace.as_deref(), progress).await
    })
}

/// Judges what was read, and shows the report.
fn audit(
    args: &Args,
    mut read: Read,
    prices: Option<&PriceList>,
    progress: &mut Progress,
) -> ExitCode {
    let assumed = match &args.as_if_opted_in {
        Some(as_if) => as_if.opt_in(&mut read.snapshot),
        None => BTreeSet::new(),
    };
    let Rows { rows, unreadable } =
        workloads::rows(&read.inventory, &read.snapshot, &assumed, &mut |number| {
            progress.tell("workloads judged", number as u64);
        });
    progress.end();
    let is_whole = read.is_whole && unreadable.is_empty();
    read.remarks.extend(dump::shortened(unreadable));
    let denied = rows.iter().filter(|row| row.is_denied).count();
    let found = rows.iter().filter(|row| !row.workload.findings.is_empty());
    let warned = found.count() - denied;
    let report = report(read, rows, prices);
    if !printed(COMMAND, show(args.output, &report)) || !is_whole {
        return ExitCode::FAILURE;
    }
    args.fail_on.exit_code(denied, warned)
}

/// Makes the report.
fn report(read: Read, mut rows: Vec<Row>, prices: Option<&PriceList>) -> Report {
    let policy = read.policy_summary();
    let nodes = &read.inventory.nodes;
    let catalogue = &read.snapshot.catalogue;
    let prices = prices.map(|prices| prices.apply(&mut rows, nodes, catalogue));
    let steps = || steps::steps(&rows, nodes, &policy);
    let objects = read.has_limits.then_some(&*read.inventory.node_pools);
    let sums = sums::sums(&rows, steps());
    let flows = flows::flows(steps());
    let node_pools = limits::loads(steps(), &policy, catalogue, objects);
    let workloads = rows.into_iter().map(|row| row.workload).collect();
    Report {
        version: VERSION,
        source: read.origin,
        policy,
        workloads,
        sums,
        flows,
        node_pools,
        prices,
        remarks: read.remarks,
    }
}

fn show(form: Form, report: &Report) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match form {
        Form::Text => text::write(report, &mut out)?,
        Form::Json => json::write(report, &mut out)?,
        Form::Html => page::write(report, &mut out)?,
    }
    out.flush()
}
