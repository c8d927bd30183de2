//! A replica that is held up between what it reads and what it writes, in front of an API server that the test plays.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth::metrics::Metrics;
use berth::tls::{Certificates, Keyring, SelfManaged};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::{DAY, START, advanced, terms};
use crate::harness::PATIENCE;

const SECRET: &str = "/api/v1/namespaces/berth-system/secrets/berth-certificate";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/berth-system/leases/berth-certificate";
const CONFIGURATIONS: [&str; 2] = [
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-berth",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/zz-berth",
];

/// The objects by their paths, each with a version that every write raises.
#[derive(Default)]
struct Objects {
    by_path: BTreeMap<String, Value>,
    version: u64,
    /// What somebody else does as soon as the Secret has been read.
    meanwhile: Option<fn(&mut Objects)>,
    /// How often it has been read.
    looks: usize,
    /// Every bundle that berth wrote.
    written: Vec<Value>,
}

impl Objects {
    fn put(&mut self, path: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.by_path.insert(path.to_owned(), object);
    }

    /// What a replica that does its work leaves behind: the keyring, and those who trust it.
    fn hold(&mut self, keyring: &Keyring) {
        let entries = keyring.write().into_iter();
        let data: BTreeMap<_, _> = entries
            .map(|(name, value)| (name, STANDARD.encode(value)))
            .collect();
        self.put(
            SECRET,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "berth-certificate"}, "data": data}),
        );
        for path in CONFIGURATIONS {
            let client = json!({"caBundle": STANDARD.encode(keyring.bundle())});
            let webhook = json!({"name": "pods.placement.truemark.io", "clientConfig": client});
            self.put(
                path,
                json!({"metadata": {"name": "zz-berth"}, "webhooks": [webhook]}),
            );
        }
    }

    fn answer(&mut self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, Value) {
        let Some(stored) = self.by_path.get(path).cloned() else {
            return failure(StatusCode::NOT_FOUND);
        };
        if method == Method::GET {
            if path == SECRET {
                self.looks += 1;
                if let Some(meanwhile) = self.meanwhile.take() {
                    meanwhile(self);
                }
            }
            return (StatusCode::OK, stored);
        }
        let wanted: Value = serde_json::from_slice(body).unwrap();
        let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
        if version(&wanted) != version(&stored) {
            return failure(StatusCode::CONFLICT);
        }
        if method == Method::PUT {
            self.put(path, wanted);
        } else {
            let mut patched = stored;
            let client = &wanted["webhooks"][0]["clientConfig"];
            self.written.push(client["caBundle"].clone());
            patched["webhooks"][0]["clientConfig"] = client.clone();
            self.put(path, patched);
        }
        (StatusCode::OK, self.by_path[path].clone())
    }
}

fn failure(code: StatusCode) -> (StatusCode, Value) {
    let status = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": code.to_string(),
        "code": code.as_u16(),
    });
    (code, status)
}

type Shared = Arc<Mutex<Objects>>;

async fn serve(listener: TcpListener, objects: Shared) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let objects = Arc::clone(&objects);
        let service = service_fn(move |request: Request<Incoming>| {
            let objects = Arc::clone(&objects);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let path = head.uri.path();
                let (code, value) = objects.lock().unwrap().answer(&head.method, path, &body);
                let body = Full::new(Bytes::from(value.to_string()));
                let answer = Response::builder().status(code).body(body).unwrap();
                Ok::<_, Infallible>(answer)
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn replica(address: SocketAddr, metrics: Arc<Metrics>) -> SelfManaged {
    // One is installed already where another test was first.
    let _ = aws_lc_rs::default_provider().install_default();
    let config = kube::Config::new(format!("http://{address}").parse().unwrap());
    SelfManaged::new(
        &config,
        "berth-system",
        "berth-certificate",
        Duration::from_secs(terms().lifetime.unsigned_abs()),
        Arc::<Certificates>::default(),
        metrics,
    )
    .unwrap()
}

/// Has a replica look at these objects a few times.
fn looked_after(objects: Objects) -> (Objects, String) {
    let objects: Shared = Arc::new(Mutex::new(objects));
    let metrics = Arc::new(Metrics::default());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let replica = replica(listener.local_addr().unwrap(), Arc::clone(&metrics));
        tokio::spawn(serve(listener, Arc::clone(&objects)));
        tokio::spawn(replica.keep(Duration::from_millis(1)));
        let looked = async {
            while objects.lock().unwrap().looks < 5 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, looked).await.unwrap();
    });
    drop(runtime);
    let text = metrics.text();
    let objects = Arc::try_unwrap(objects).ok().unwrap();
    (objects.into_inner().unwrap(), text)
}

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn lease(spec: &Value) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "berth-certificate"},
        "spec": spec,
    })
}

/// Another replica that took over meanwhile has gone over to another authority: what it serves has to stay trusted.
#[test]
fn an_older_bundle_never_comes_back() {
    let mut objects = Objects::default();
    objects.put(LEASE, lease(&json!({})));
    objects.hold(&advanced(None, now(), false).unwrap());
    // So that there is something to write.
    for path in CONFIGURATIONS {
        let mut empty = objects.by_path[path].clone();
        empty["webhooks"][0]["clientConfig"] = json!({});
        objects.put(path, empty);
    }
    objects.meanwhile = Some(|objects| objects.hold(&advanced(None, now(), false).unwrap()));
    let (objects, _) = looked_after(objects);
    for path in CONFIGURATIONS {
        let client = &objects.by_path[path]["webhooks"][0]["clientConfig"];
        let written = &objects.written;
        assert!(!client["caBundle"].is_null());
        assert!(written.is_empty(), "berth wrote {written:?}");
    }
}

/// A cluster that was switched off for long: what is found has expired, and is renewed without a word.
#[test]
fn what_has_expired_is_renewed_and_nobody_is_told_to_empty_the_secret() {
    for started in [now() - 100 * DAY, START] {
        let mut objects = Objects::default();
        objects.put(LEASE, lease(&json!({})));
        objects.hold(&advanced(None, started, false).unwrap());
        let (_, metrics) = looked_after(objects);
        let errors = "berth_tls_renewal_errors_total 0\n";
        assert!(metrics.contains(errors), "{metrics}");
    }
}

/// Whatever stands in the Lease, it is taken when its holder is silent.
#[test]
fn a_lease_with_absurd_numbers_is_taken() {
    let spec = json!({
        "holderIdentity": "x".repeat(100_000),
        "acquireTime": "0000-01-01T00:00:00Z",
        "renewTime": "9999-12-31T23:59:59.999999Z",
        "leaseDurationSeconds": -1,
        "leaseTransitions": i32::MAX,
    });
    let mut objects = Objects::default();
    objects.put(LEASE, lease(&spec));
    objects.hold(&advanced(None, START, false).unwrap());
    let before = objects.by_path[SECRET].clone();
    let (objects, metrics) = looked_after(objects);
    assert_ne!(objects.by_path[SECRET], before, "{metrics}");
    assert_eq!(objects.by_path[LEASE]["spec"]["leaseTransitions"], i32::MAX);
}
