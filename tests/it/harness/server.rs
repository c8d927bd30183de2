//! `berth serve` as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::client::{Client, Connection, Reply};
use super::pki::{Authority, Files, VALID};
use super::program::berth;
use super::wait::until;

/// Sends one GET over plain HTTP, on a connection of its own.
pub(crate) fn get(address: SocketAddr, path: &str) -> Reply {
    let mut connection = Connection::plain(TcpStream::connect(address).unwrap());
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    connection.send(request.as_bytes()).unwrap();
    connection.receive().unwrap()
}

/// A process of `berth serve`, which is killed once it is dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) webhook: SocketAddr,
    pub(crate) ops: SocketAddr,
    pub(crate) authority: Authority,
    pub(crate) files: Files,
}

impl Server {
    /// Starts a server with a certificate of an authority of its own.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let authority = Authority::new();
        let files = Files::new(&authority.pair(VALID));
        Self::with(authority, files, flags)
    }

    /// Starts a server with these files.
    pub(crate) fn with(authority: Authority, files: Files, flags: &[&str]) -> Self {
        Self::of(authority, files, flags, berth)
    }

    /// Starts a server that may not open more files than so many.
    pub(crate) fn with_few_open_files(limit: u32) -> Self {
        let authority = Authority::new();
        let files = Files::new(&authority.pair(VALID));
        Self::of(authority, files, &[], |arguments| {
            let mut command = Command::new("sh");
            let script = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
            command
                .args(["-c", &script, env!("CARGO_BIN_EXE_berth")])
                .args(arguments)
                .env_clear()
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command
        })
    }

    fn of(
        authority: Authority,
        files: Files,
        flags: &[&str],
        command: impl FnOnce(&[&str]) -> Command,
    ) -> Self {
        let (certificate, key) = (files.certificate(), files.key());
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (certificate, key) = (text(&certificate), text(&key));
        let mut all = vec!["serve", "--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"];
        all.extend(["--log-format=json", "--tls-poll-interval=20ms"]);
        if !flags.iter().any(|flag| flag.starts_with("--tls-secret")) {
            all.extend(["--tls-cert", &certificate, "--tls-key", &key]);
        }
        all.extend(flags);
        let mut child = command(&all).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let writer = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            lines.for_each(|line| writer.lock().unwrap().push(line.unwrap()));
        });
        let (webhook, ops) = until("berth serves", || {
            log.lock().unwrap().iter().find_map(|line| addresses(line))
        });
        Self {
            child,
            log,
            reader: Some(reader),
            webhook,
            ops,
            authority,
            files,
        }
    }

    /// Returns a client that trusts the server's authority.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.webhook, &[&self.authority])
    }

    /// Sends one request to `/mutate`, on a connection of its own.
    pub(crate) fn mutate(&self, body: &[u8]) -> Reply {
        let mut connection = self.client().connect().unwrap();
        connection.post("/mutate", body).unwrap()
    }

    /// Sends one GET to the ops listener.
    pub(crate) fn get(&self, path: &str) -> Reply {
        get(self.ops, path)
    }

    /// Returns the sum of the samples of a metric that have all these labels.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let page = self.get("/metrics").text();
        let samples = page.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
                && labels.iter().all(|label| line.contains(label))
        });
        let values = samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
        values.sum()
    }

    /// Returns the log so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Waits for a line of the log that contains this.
    pub(crate) fn logs(&self, text: &str) -> String {
        until(text, || {
            let log = self.log.lock().unwrap();
            log.iter().find(|line| line.contains(text)).cloned()
        })
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end of the process, and of its log.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let status = until("berth ends", || self.child.try_wait().unwrap());
        self.reader.take().map(JoinHandle::join);
        status
    }
}

fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| line[name].as_str();
    (field("message")? == "serving").then_some(())?;
    Some((field("webhook")?.parse().ok()?, field("ops")?.parse().ok()?))
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
