//! Processor time of a berth that follows a large cluster in which namespaces or node pools change all the time.
//!
//! A server of this program plays the API server: it gives the lists, and tells of so many changes a second. What berth takes
//! is all of it: to read the answers, to make the snapshots, and to assess the policy where a node pool has changed.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has failed; what it prints is what it is for"
)]

#[path = "support/node_pool.rs"]
mod node_pool;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The namespaces of the cluster.
const NAMESPACES: usize = 10_000;
/// Its node pools.
const NODE_POOLS: usize = 500;
/// The changes that are told each second.
const CHANGES: u32 = 1000;
/// The time for which they are.
const LASTING: Duration = Duration::from_secs(10);
/// The pause between two of them.
const PAUSE: Duration = Duration::from_micros(1_000_000 / CHANGES as u64);
/// The ticks of a second in which Linux counts processor time.
const TICKS: f64 = 100.0;

/// A kind of object, by a part of the path of its list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changing {
    Nothing,
    Namespaces,
    NodePools,
}

fn main() {
    println!(
        "{:>12} {:>10} {:>20}",
        "changes", "a second", "of a processor"
    );
    for (name, changing) in [
        ("none", Changing::Nothing),
        ("namespaces", Changing::Namespaces),
        ("node pools", Changing::NodePools),
    ] {
        let (mut berth, config) = follow(changing);
        thread::sleep(Duration::from_secs(1));
        let (begun, before) = (Instant::now(), ticks(&berth));
        thread::sleep(LASTING);
        let share = f64::from(ticks(&berth) - before) / TICKS / begun.elapsed().as_secs_f64();
        let each = if changing == Changing::Nothing {
            0
        } else {
            CHANGES
        };
        println!("{name:>12} {each:>10} {:>19.1}%", share * 100.0);
        berth.kill().expect("berth");
        let _ = berth.wait();
        let _ = fs::remove_file(config);
    }
}

/// Starts a cluster and a berth that follows it. Returns berth once it knows the cluster, and the file of its configuration.
fn follow(changing: Changing) -> (Child, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(stream, changing));
        }
    });
    let config = std::env::temp_dir().join(format!("berth-watching-{port}"));
    let config = config.to_str().expect("a path").to_owned();
    let cluster = json!({"name": "c", "cluster": {"server": format!("http://127.0.0.1:{port}")}});
    let context = json!({"name": "c", "context": {"cluster": "c", "user": "u"}});
    let text = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [cluster], "contexts": [context],
        "users": [{"name": "u", "user": {}}],
    });
    fs::write(&config, text.to_string()).expect("a file");
    let mut berth = Command::new(program::berth())
        .args([
            "serve",
            "--cluster",
            "--listen=127.0.0.1:0",
            "--ops-listen=127.0.0.1:0",
        ])
        .args(["--kubeconfig", &config])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("berth");
    let mut lines = BufReader::new(berth.stderr.take().expect("its log")).lines();
    let following = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("following the cluster"));
    assert!(following.is_some(), "berth follows the cluster");
    // Whoever writes to a pipe that nobody reads waits in the end.
    thread::spawn(move || lines.count());
    (berth, config)
}

/// Returns the processor time of a process so far, in ticks.
fn ticks(process: &Child) -> u32 {
    let text = fs::read_to_string(format!("/proc/{}/stat", process.id())).expect("its times");
    let (_, fields) = text.rsplit_once(')').expect("its name");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<u32>().expect("ticks");
    ticks(11) + ticks(12)
}

/// Answers the requests of a connection.
fn serve(stream: TcpStream, changing: Changing) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut address) = (String::new(), String::new());
    while stream.read_line(&mut line)? > 0 {
        if address.is_empty() {
            address.clone_from(&line);
        }
        // A request has no body, so it ends with an empty line.
        if line == "\r\n" {
            let kind = if address.contains("/namespaces") {
                Changing::Namespaces
            } else if address.contains("/nodepools") {
                Changing::NodePools
            } else {
                Changing::Nothing
            };
            if address.contains("watch=true") {
                let changes = kind == changing && kind != Changing::Nothing;
                return watch(stream.get_mut(), kind, changes);
            }
            let count = match kind {
                Changing::Namespaces => NAMESPACES,
                Changing::NodePools => NODE_POOLS,
                Changing::Nothing => 0,
            };
            let items: Value = (0..count).map(|number| object(kind, number, 0)).collect();
            let body = json!({"metadata": {"resourceVersion": "1"}, "items": items}).to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.get_mut().write_all(head.as_bytes())?;
            stream.get_mut().write_all(body.as_bytes())?;
            address.clear();
        }
        line.clear();
    }
    Ok(())
}

/// Tells of one change after another, or of none, until the other side closes.
fn watch(stream: &mut TcpStream, kind: Changing, changes: bool) -> io::Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.set_nodelay(true)?;
    stream.write_all(head.as_bytes())?;
    let begun = Instant::now();
    for change in 1_u32.. {
        let due = PAUSE * change;
        thread::sleep(due.saturating_sub(begun.elapsed()));
        if changes {
            let number = change as usize * 7919;
            let event =
                json!({"type": "MODIFIED", "object": object(kind, number, change)}).to_string();
            // At once, as an API server does: each write is a packet.
            let chunk = format!("{:x}\r\n{event}\n\r\n", event.len() + 1);
            stream.write_all(chunk.as_bytes())?;
        }
    }
    Ok(())
}

/// Returns an object of a kind, by its number, as it is after a change.
fn object(kind: Changing, number: usize, change: u32) -> Value {
    let version = (change + 2).to_string();
    if kind == Changing::Namespaces {
        return json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": {
                "name": format!("namespace-{}", number % NAMESPACES), "resourceVersion": version,
                "uid": "8f6f6b1e-5a53-4f0b-9f44-8a8c1f0f6f7e", "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {
                    "kubernetes.io/metadata.name": format!("namespace-{}", number % NAMESPACES),
                    "placement.truemark.io/injection": "enabled", "team": format!("team-{change}"),
                },
                "managedFields": [{
                    "manager": "kubectl", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
                    "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:team": {}}}},
                }],
            },
        });
    }
    let mut node_pool = node_pool::node_pool(number % NODE_POOLS);
    node_pool["apiVersion"] = json!("karpenter.sh/v1");
    node_pool["kind"] = json!("NodePool");
    node_pool["metadata"]["resourceVersion"] = json!(version);
    node_pool["spec"]["template"]["metadata"]["labels"]["change"] = json!(version);
    node_pool
}
