//! The command line: a module for each command, and what they share.

mod audit;
mod check;
mod cluster;
mod codes;
mod columns;
mod completions;
mod crd;
mod exit;
mod explain;
mod fail_on;
mod files;
mod init;
mod invocation;
mod kubeconfig;
mod lint;
mod man;
mod objects;
mod output;
mod paper;
mod serve;
mod severity;
mod sources;
mod status;
mod stripped;
mod styled;
mod terminal;
mod test;
mod wrap;

use std::env;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use invocation::Invocation;

/// Places Kubernetes workloads on the right nodes of an EKS cluster.
///
/// A namespace opts in with the label placement.truemark.io/injection=enabled. From then on its Jobs and CronJobs land
/// in the batch node pools, apps labelled placement.truemark.io/pool=truemark on the on-demand ones, and everything
/// else on spot, each on the right architecture.
#[derive(Debug, Parser)]
#[command(name = "berth", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Explain(explain::Args),
    Init(init::Args),
    Audit(audit::Args),
    Test(test::Args),
    Check(check::Args),
    Lint(lint::Args),
    Status(status::Args),
    Crd(crd::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Man(man::Args),
}

/// Runs the program. Returns 0 if all is well, 1 after a failure, 2 if there are findings, and 64 for bad usage or
/// configuration.
#[must_use]
pub fn main() -> ExitCode {
    let invocation = Invocation::of(env::args_os().next().as_deref());
    let grammar = || invocation.named(Cli::command());
    let parsed = grammar().try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors. Nothing can be done if they cannot be printed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { 0 });
        }
    };
    match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Crd(args) => crd::run(&args),
        Command::Completions(args) => completions::run(&args, invocation.file(), grammar()),
        Command::Man(args) => man::run(&args, grammar()),
    }
}
