//! `berth check`: whether a registration could keep pods from starting, before it is applied or as it is.

mod cluster;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::{ArgGroup, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use super::object::{Found, objects};
use super::{clean, complain, input, printed};
use crate::node::label::is_subdomain;
use crate::preflight::{Assessment, Fault, Object, Severity, Stage, check_registration};

/// The command, as messages begin.
const COMMAND: &str = "check";

const EXAMPLES: &str = "\
Examples:
  Could what is about to be applied keep pods from starting?
    kubectl kustomize deploy | berth check -f -
    helm template berth ./chart | berth check -f -

  And what is installed?
    berth check --cluster

Exit codes: 0 fine, warnings and notes included, 1 something could not be read or reached,
2 errors were found, 64 bad usage.";

/// There are errors among the findings.
const FINDINGS: u8 = 2;

/// Judges berth's registration: could it keep pods from starting, berth's own among them?
///
/// An error is what could block berth's own pods or those that the cluster needs, or what cannot work at all. A warning is
/// what waits or fails without need; a note says what a choice costs. It assumes the worst: that somebody gives a system
/// namespace any label there is, that berth is down, and that a match condition other than those shipped does nothing.
///
/// Other people's webhooks are looked at for one thing: whether berth's own pods wait for them.
///
/// With --cluster it looks at what is installed as well: the API server's version, the caBundle, berth's replicas, whether
/// the policy is in force, and whether its node pools are there. It reads and never writes; what the kubeconfig may not
/// read it says, and passes over.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group(ArgGroup::new("what").required(true).args(["filenames", "cluster"])))]
pub struct Args {
    /// Rendered manifests: a file, a directory of .yaml, .yml and .json files, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    filenames: Vec<PathBuf>,

    /// Judge what is installed in the cluster that KUBECONFIG or ~/.kube/config names, else the one that berth runs in
    #[arg(long)]
    cluster: bool,

    /// The file that says how to reach the cluster of --cluster
    #[arg(
        long,
        value_name = "FILE",
        requires = "cluster",
        conflicts_with = "filenames"
    )]
    kubeconfig: Option<PathBuf>,

    /// What to write: text, a line for each finding, or json
    #[arg(short, long, value_enum, default_value_t = Output::Text, hide_possible_values = true, value_name = "FORM")]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Checks: 0 is fine, 1 where something could not be read, 2 where errors were found, 64 bad usage.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let judged = if args.cluster {
        match cluster::judge(args.kubeconfig.as_deref()) {
            Ok(report) => Judged {
                report,
                whole: true,
            },
            Err(error) => {
                complain(COMMAND, &format!("{error:#}"));
                return ExitCode::FAILURE;
            }
        }
    } else {
        of_files(&args.filenames)
    };
    let Judged { mut report, whole } = judged;
    report.faults.sort_by_key(|finding| finding.severity);
    if !printed(COMMAND, show(args.output, &report)) {
        return ExitCode::FAILURE;
    }
    if !whole {
        ExitCode::FAILURE
    } else if report.count(Severity::Error) > 0 {
        ExitCode::from(FINDINGS)
    } else {
        ExitCode::SUCCESS
    }
}

/// What was found, and whether everything could be looked at.
struct Judged {
    report: Assessment,
    whole: bool,
}

fn of_files(paths: &[PathBuf]) -> Judged {
    let mut whole = true;
    let mut unread = |message: &str| {
        complain(COMMAND, message);
        whole = false;
    };
    let mut documents = Vec::new();
    for file in input::files(paths) {
        match file {
            Ok(file) => input::read(&file, &mut documents),
            Err((path, message)) => unread(&format!("{path}: {message}")),
        }
    }
    let mut values = Vec::new();
    for document in &documents {
        match &document.value {
            Ok(value) => values.push(value),
            Err(message) => unread(&format!("{}: {message}", document.place)),
        }
    }
    let report = check_registration(&found(values), Stage::Rendered);
    if report.webhooks == 0 && report.count(Severity::Error) == 0 {
        unread("no webhook of berth's in the input: there was nothing to judge");
    }
    Judged { report, whole }
}

/// The objects of documents, lists taken apart. What is no object has nothing to do with a registration.
fn found<'d>(documents: impl IntoIterator<Item = &'d Value>) -> Vec<Object<'d>> {
    let all = documents.into_iter().flat_map(objects);
    all.filter_map(|found| match found {
        Found::Object(object) => Some(Object {
            group: object.identity.group(),
            kind: object.identity.kind,
            namespace: object.identity.namespace,
            name: object.identity.name,
            value: object.value,
        }),
        Found::Misfit { .. } => None,
    })
    .collect()
}

fn show(output: Output, report: &Assessment) -> io::Result<()> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match output {
        Output::Text => text(report, &mut out)?,
        Output::Json => json(report, &mut out)?,
    }
    out.flush()
}

fn text(report: &Assessment, out: &mut impl Write) -> io::Result<()> {
    for finding in &report.faults {
        let Fault {
            severity,
            object,
            webhook,
            field,
            message,
            remedy,
        } = finding;
        let style = style(*severity);
        let place: Vec<&str> = [object, webhook, field]
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        let line = clean(format!("{}: {message}. To do: {remedy}", place.join(", ")));
        writeln!(out, "{style}{severity}{style:#}: {line}")?;
    }
    let counts: Vec<String> = Severity::ALL
        .iter()
        .map(|severity| counted(report.count(*severity), severity.as_str()))
        .collect();
    let judged = counted(report.webhooks, "webhook");
    writeln!(out, "{judged} of berth's judged: {}", counts.join(", "))?;
    if report.count(Severity::Error) > 0 {
        writeln!(
            out,
            "\nIf something is stuck right now, this takes berth out of the way at once, whatever state it is in:\n    {}",
            kill_switch(report)
        )?;
    }
    Ok(())
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default(),
        Severity::Warning => AnsiColor::Yellow.on_default(),
        Severity::Note => Style::new(),
    }
}

/// The API server asks no webhook about these objects, so nothing can be in the way of it (R6.1).
fn kill_switch(report: &Assessment) -> String {
    let names = report.configurations.iter().map(String::as_str);
    // Somebody will paste it into a shell.
    let mut names: Vec<&str> = names.filter(|name| is_subdomain(name)).collect();
    if names.is_empty() {
        names.push("zz-berth");
    }
    let names = names.join(" ");
    format!("kubectl delete mutatingwebhookconfiguration,validatingwebhookconfiguration {names}")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r> {
    findings: Vec<Item<'r>>,
    /// How many webhooks of berth's were judged.
    webhooks: usize,
    /// What takes berth out of the way, at once.
    kill_switch: String,
}

#[derive(Serialize)]
struct Item<'r> {
    severity: &'static str,
    object: &'r str,
    webhook: &'r str,
    field: &'r str,
    message: &'r str,
    remedy: &'r str,
}

fn json(report: &Assessment, out: &mut impl Write) -> io::Result<()> {
    let findings = report.faults.iter().map(|finding| Item {
        severity: finding.severity.as_str(),
        object: &finding.object,
        webhook: &finding.webhook,
        field: &finding.field,
        message: &finding.message,
        remedy: &finding.remedy,
    });
    let document = Document {
        findings: findings.collect(),
        webhooks: report.webhooks,
        kill_switch: kill_switch(report),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
