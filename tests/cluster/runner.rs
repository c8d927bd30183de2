//! Runs the tests, group by group, each group on a cluster of its own.
//!
//! Rust's own runner does not serve: the tests of a group share a cluster, which is stopped on Ctrl-C too, and started
//! from the main thread (see [`Process::start`](crate::harness::process::Process::start)).

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::demonstration;
use crate::harness::cluster::{Cluster, Extent};
use crate::harness::programs::Programs;
use crate::harness::registration;

/// The function of a test. It fails by an error or by a panic; [`NotRun`] is no failure.
type Run = for<'c> fn(&'c Cluster) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + 'c>>;

/// A test.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

/// A group of tests that share a cluster, in this order.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) extent: Extent,
    pub(crate) tests: Vec<Test>,
}

/// Makes tests of functions, each an `async fn(&Cluster) -> anyhow::Result<()>` that gives its test its name.
macro_rules! tests {
    ($($module:ident :: $test:ident),+ $(,)?) => {
        vec![$($crate::runner::Test {
            name: stringify!($test),
            run: |cluster| Box::pin($module::$test(cluster)),
        }),+]
    };
}
pub(crate) use tests;

/// The reason for which a test did not run, as the error that it returns.
#[derive(Debug)]
pub(crate) struct NotRun(pub(crate) String);

impl Display for NotRun {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for NotRun {}

/// The end of a test or of a group's start.
enum Outcome {
    Passed,
    NotRun(String),
    Failed(String),
    Interrupted,
}

/// The counts of all tests.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
}

/// The exit code of a program that a signal ended, by the shell's convention.
const INTERRUPTED: u8 = 130;

/// Runs the tests whose `group::name` contains one of the arguments; all if there are none.
pub(crate) fn main(groups: Vec<Group>) -> anyhow::Result<ExitCode> {
    let arguments = std::env::args().skip(1);
    let wanted: Vec<String> = arguments.filter(|word| !word.starts_with('-')).collect();
    if wanted == ["demo"] {
        return demonstration::main();
    }
    let programs = match Programs::build()? {
        Programs::At(directory) => directory,
        Programs::Unavailable(reason) => {
            println!("\nnot run: the cluster tests, since {reason}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let runtime = runtime()?;
    // It listens throughout: a signal between two tests must not be lost.
    let mut interrupted = runtime.spawn(signalled());
    let begin = Instant::now();
    let mut tally = Tally::default();
    for mut group in groups {
        let name = |test: &Test| format!("{}::{}", group.name, test.name);
        let is_wanted = |test: &Test| {
            wanted.is_empty() || wanted.iter().any(|word| name(test).contains(word.as_str()))
        };
        group.tests.retain(is_wanted);
        if group.tests.is_empty() {
            continue;
        }
        let mut cluster = None;
        let started = attempt(&runtime, &mut interrupted, async {
            cluster = Some(Cluster::start(&programs, group.extent).await?);
            Ok(())
        });
        let Some(cluster) = cluster else {
            match started {
                Outcome::Interrupted => return Ok(ExitCode::from(INTERRUPTED)),
                Outcome::Failed(reason) => anyhow::bail!(reason),
                Outcome::Passed | Outcome::NotRun(_) => {
                    unreachable!("started without a cluster")
                }
            }
        };
        if run(&runtime, &mut interrupted, &group, cluster, &mut tally) {
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    let seconds = begin.elapsed().as_secs();
    println!(
        "\ncluster tests: {} passed, {} failed in {seconds} s",
        tally.passed,
        tally.failed.len()
    );
    for name in &tally.failed {
        println!("    failed: {name}");
    }
    Ok(ExitCode::from(u8::from(!tally.failed.is_empty())))
}

/// Makes the runtime of all tests.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    // Clients ask for it. It fails only if one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(Runtime::new()?)
}

/// Runs the tests of a group on its cluster. True if a signal came.
fn run(
    runtime: &Runtime,
    interrupted: &mut JoinHandle<()>,
    group: &Group,
    cluster: Cluster,
    tally: &mut Tally,
) -> bool {
    let mut failed = false;
    for test in &group.tests {
        let name = format!("{}::{}", group.name, test.name);
        let begin = Instant::now();
        let outcome = attempt(runtime, interrupted, async {
            registration::unregister(&cluster.api).await?;
            (test.run)(&cluster).await
        });
        let seconds = begin.elapsed().as_secs_f32();
        match outcome {
            Outcome::Passed => {
                println!("{name} ... ok ({seconds:.1} s)");
                tally.passed += 1;
            }
            Outcome::NotRun(reason) => println!("not run: {name}, since {reason}"),
            Outcome::Failed(reason) => {
                println!("{name} ... FAILED ({seconds:.1} s)\n{reason}");
                tally.failed.push(name);
                failed = true;
            }
            Outcome::Interrupted => return true,
        }
    }
    if failed {
        println!(
            "the logs of this cluster are in {}",
            cluster.keep().display()
        );
    }
    false
}

/// Runs a task on this thread until it ends, panics, or a signal comes.
fn attempt(
    runtime: &Runtime,
    interrupted: &mut JoinHandle<()>,
    task: impl Future<Output = anyhow::Result<()>>,
) -> Outcome {
    let task = async {
        tokio::select! {
            result = task => match result {
                Ok(()) => Outcome::Passed,
                Err(error) => match error.downcast::<NotRun>() {
                    Ok(NotRun(reason)) => Outcome::NotRun(reason),
                    Err(error) => Outcome::Failed(format!("{error:#}")),
                },
            },
            _ = interrupted => Outcome::Interrupted,
        }
    };
    // The panic hook has printed the place.
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(task)))
        .unwrap_or_else(|_| Outcome::Failed("it panicked, see above".to_owned()))
}

/// Returns at the first signal that asks the program to end.
pub(crate) async fn signalled() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}
