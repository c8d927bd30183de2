//! Programs that end with the tests, however those end.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// The ports that [`free_ports`] chooses from.
const PORTS: Range<u32> = 20_000..32_000;

/// A running program with its log. Dropping it kills the program.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts a program. It sees only the variables that are given.
    ///
    /// It has a process group of its own, so that Ctrl-C at a terminal reaches only the tests, which then stop it. The
    /// kernel kills it once the thread that started it ends: start programs from the main thread alone.
    pub(crate) fn start(
        name: &str,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, String)],
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| log.display().to_string())?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", logs)
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            log,
            child,
        })
    }

    /// Fails with the end of the log if the program has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.ended()? {
            let text = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let end = lines[lines.len().saturating_sub(8)..].join("\n");
            anyhow::bail!("{} has ended with {status}:\n{end}", self.name);
        }
        Ok(())
    }

    /// Returns the status of the program if it has ended.
    pub(crate) fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Reads the memory that the program has taken for its data, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path)?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kibibytes: u64 = kibibytes.context("RssAnon")?.trim().parse()?;
        Ok(kibibytes * 1024)
    }

    /// Reads the time that the program has run on a core.
    pub(crate) fn ran(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The program's name is in brackets, and may have spaces.
        let (_, fields) = stat.rsplit_once(") ").context("the fields of stat")?;
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: Vec<u64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
        // Linux shows hundredths of a second on every machine.
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
    }

    /// Asks the program to end, as the kubelet asks a container.
    pub(crate) fn terminate(&self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)
            .with_context(|| format!("terminating {}", self.name))
    }

    /// Ends the program without asking.
    pub(crate) fn kill(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns ports of the loopback address that are free now, all different.
///
/// They lie below those that the kernel gives to outgoing connections, any of which could take one before it is used.
/// Each run begins elsewhere, so that several at once do not meet.
pub(crate) fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(97);
    let mut listeners = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        // Each is held until all are known, so that none comes twice.
        listeners.push(loop {
            let tried = TRIED.fetch_add(1, Ordering::Relaxed);
            ensure!(tried < PORTS.end - PORTS.start, "no port is free");
            let offset = begin.wrapping_add(tried) % (PORTS.end - PORTS.start);
            *port = u16::try_from(PORTS.start + offset)?;
            if let Ok(listener) = TcpListener::bind(("127.0.0.1", *port)) {
                break listener;
            }
        });
    }
    Ok(ports)
}
