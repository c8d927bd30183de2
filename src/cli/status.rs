//! `berth status`: how berth is in a cluster, on one screen.

mod certificate;
mod contents;
mod counting;
mod decisions;
mod install;
mod json;
mod namespaces;
mod policy;
mod refusal;
mod registration;
mod replicas;
mod report;
mod text;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use clap::ValueEnum;

use super::cluster::ask;
use super::kubeconfig::Access;
use super::objects::objects;
use super::output::{complain, printed};
use crate::metrics::timestamp;
use crate::preflight::{Stage, check_registration};
use crate::server::duration;
use contents::Contents;
use report::Report;

/// The command, as messages begin.
const COMMAND: &str = "status";

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(2);

const EXAMPLES: &str = "\
Examples:
  How is berth in the cluster of the current context?
    berth status

  Wait for an installation, for five minutes at most, then go on:
    berth status --wait=5m && kubectl label namespace shop placement.truemark.io/injection=enabled

Exit codes: 0 all is well, 1 something is wrong or the cluster cannot be reached,
64 bad usage.";

/// Shows how berth is in a cluster: replicas, certificate, registration, policy, namespaces, decisions
///
/// A line that begins with ✗ says what does not work, one with ! what needs a look; below each stands what to do. It
/// reads and never writes. What the kubeconfig may not read, it says and passes over: docs/status.md lists the rights.
///
/// The decisions of the last hour come from berth's pods, through the API server's proxy.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    access: Access,

    /// Wait until nothing is wrong, for 2m or the time that is given
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2m",
        value_parser = duration::parse
    )]
    wait: Option<Duration>,

    /// The form of the output: text or json
    #[arg(short, long, value_enum, default_value_t = Form::Text, hide_possible_values = true, value_name = "FORM")]
    output: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

/// Runs the command. Returns 0 if all is well, and 1 if something is wrong or could not be reached.
pub(super) fn run(args: &Args) -> ExitCode {
    match looked(args) {
        Ok(report) => {
            if printed(COMMAND, show(args.output, &report)) && report.is_well() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            complain(COMMAND, &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Looks at the cluster, again and again if the flag says so. Returns the last report.
fn looked(args: &Args) -> anyhow::Result<Report> {
    let deadline = Instant::now() + args.wait.unwrap_or_default();
    let mut said = String::new();
    loop {
        let looked = ask(&args.access, "cluster", async |api_server| {
            Ok(report(&Contents::read(api_server).await?))
        });
        let obstacle = match &looked {
            Ok(report) => report
                .first_amiss()
                .map(|(name, line)| format!("{name}: {}", line.text)),
            Err(error) => Some(format!("{error:#}")),
        };
        let Some(obstacle) = obstacle.filter(|_| Instant::now() + PAUSE < deadline) else {
            return looked;
        };
        if obstacle != said {
            complain(COMMAND, &format!("waiting: {obstacle}"));
            said = obstacle;
        }
        sleep(PAUSE);
    }
}

/// Makes the report.
fn report(contents: &Contents) -> Report {
    let values = contents.registration();
    let values = values.chain(contents.deployments.iter().flatten());
    let assessment = check_registration(&objects(values), Stage::Live);
    if let Some(absent) = install::absent(contents, assessment.webhooks) {
        return absent;
    }
    let in_force = policy::in_force(contents);
    let policy = in_force.as_ref().map(|in_force| &in_force.policy);
    Report {
        sections: vec![
            replicas::section(contents),
            certificate::section(contents, timestamp(SystemTime::now())),
            registration::section(contents, &assessment),
            policy::section(contents, in_force.as_ref()),
            namespaces::section(contents, policy),
            decisions::section(contents),
        ],
    }
}

fn show(form: Form, report: &Report) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match form {
        Form::Text => text::write(report, &mut out)?,
        Form::Json => json::write(report, &mut out)?,
    }
    out.flush()
}
