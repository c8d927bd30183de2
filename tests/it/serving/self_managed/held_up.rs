//! Replicas that read and write at the same time, in front of an API server that the test plays.

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

use super::{DAY, START, advanced, not_after, terms};
use crate::harness::PATIENCE;

const SECRET: &str = "/api/v1/namespaces/berth-system/secrets/berth-certificate";
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
    /// How often berth wrote it.
    stored: usize,
    /// Every bundle that berth wrote.
    written: Vec<Value>,
    /// Somebody else is always faster.
    always_late: bool,
}

impl Objects {
    fn put(&mut self, path: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.by_path.insert(path.to_owned(), object);
    }

    /// The objects as they are installed: nothing in the Secret, and nobody trusted.
    fn installed() -> Self {
        let mut objects = Self::default();
        objects.fill(&Value::Null, &json!({}));
        objects
    }

    /// The objects as a replica that does its work leaves them.
    fn holding(keyring: &Keyring) -> Self {
        let mut objects = Self::default();
        objects.hold(keyring);
        objects
    }

    /// Replaces the keyring, and the bundle that is trusted.
    fn hold(&mut self, keyring: &Keyring) {
        let entries = keyring.write().into_iter();
        let data: BTreeMap<_, _> = entries
            .map(|(name, value)| (name, STANDARD.encode(value)))
            .collect();
        let client = json!({"caBundle": STANDARD.encode(keyring.bundle())});
        self.fill(&json!(data), &client);
    }

    fn fill(&mut self, data: &Value, client: &Value) {
        self.put(
            SECRET,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "berth-certificate"}, "data": data}),
        );
        for path in CONFIGURATIONS {
            let webhook = json!({"name": "pods.placement.truemark.io", "clientConfig": client});
            self.put(
                path,
                json!({"metadata": {"name": "zz-berth"}, "webhooks": [webhook]}),
            );
        }
    }

    fn bundle(&self, path: &str) -> &Value {
        &self.by_path[path]["webhooks"][0]["clientConfig"]["caBundle"]
    }

    /// The keyring in the Secret.
    fn keyring(&self) -> Keyring {
        let data = self.by_path[SECRET]["data"].as_object().unwrap().iter();
        let data = data.map(|(name, value)| (name.clone(), decoded(value)));
        Keyring::read(&data.collect()).unwrap().unwrap()
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
        // A write that names no version replaces whatever there is.
        let is_late = !version(&wanted).is_null() && version(&wanted) != version(&stored);
        if self.always_late || is_late {
            return failure(StatusCode::CONFLICT);
        }
        if method == Method::PUT {
            self.stored += 1;
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

fn decoded(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
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

/// When the certificate that a replica serves expires, in seconds since 1970; 0 where there is none.
fn not_after_of(metrics: &Metrics) -> i64 {
    let text = metrics.text();
    let name = "berth_tls_certificate_not_after_timestamp_seconds ";
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap().parse().unwrap()
}

/// Has so many replicas look at these objects, a few times each.
fn looked_after_by(replicas: usize, objects: Objects) -> (Objects, Vec<Arc<Metrics>>) {
    let objects: Shared = Arc::new(Mutex::new(objects));
    let metrics: Vec<_> = (0..replicas)
        .map(|_| Arc::new(Metrics::default()))
        .collect();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Arc::clone(&objects)));
        for metrics in &metrics {
            let replica = replica(address, Arc::clone(metrics));
            tokio::spawn(replica.keep(Duration::from_millis(1)));
        }
        let looked = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                let objects = objects.lock().unwrap();
                let serve = |metrics: &Arc<Metrics>| not_after_of(metrics) > 0;
                let served = objects.always_late || metrics.iter().all(serve);
                if served && objects.looks >= 8 * replicas {
                    break;
                }
            }
        };
        timeout(PATIENCE, looked).await.unwrap();
    });
    drop(runtime);
    let objects = Arc::try_unwrap(objects).ok().unwrap();
    (objects.into_inner().unwrap(), metrics)
}

/// The same of one replica.
fn looked_after(objects: Objects) -> (Objects, Arc<Metrics>) {
    let (objects, mut metrics) = looked_after_by(1, objects);
    (objects, metrics.remove(0))
}

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// That another was faster is no error: nobody is alerted, and nothing is logged.
fn assert_no_error(metrics: &Metrics) {
    let (text, errors) = (metrics.text(), "berth_tls_renewal_errors_total 0\n");
    assert!(text.contains(errors), "{text}");
}

/// Another replica has meanwhile gone over to another authority: what it serves has to stay trusted.
#[test]
fn an_older_bundle_never_comes_back() {
    let mut objects = Objects::holding(&advanced(None, now(), false).unwrap());
    // So that there is something to write.
    for path in CONFIGURATIONS {
        let mut empty = objects.by_path[path].clone();
        empty["webhooks"][0]["clientConfig"] = json!({});
        objects.put(path, empty);
    }
    objects.meanwhile = Some(|objects| objects.hold(&advanced(None, now(), false).unwrap()));
    let (objects, metrics) = looked_after(objects);
    for path in CONFIGURATIONS {
        let written = &objects.written;
        assert!(!objects.bundle(path).is_null());
        assert!(written.is_empty(), "berth wrote {written:?}");
    }
    assert_no_error(&metrics);
}

/// Another replica has filled the empty Secret, or renewed what is in it, in between.
#[test]
fn what_another_has_stored_is_not_stored_again() {
    let expired = advanced(None, START, false).unwrap();
    for mut objects in [Objects::installed(), Objects::holding(&expired)] {
        objects.meanwhile = Some(|objects| objects.hold(&advanced(None, now(), false).unwrap()));
        let (objects, metrics) = looked_after(objects);
        assert_eq!(objects.stored, 0);
        let written = &objects.written;
        assert!(written.is_empty(), "berth wrote {written:?}");
        assert_no_error(&metrics);
        // And it is what this replica serves.
        let stored = objects.keyring().pair().certificate.clone();
        assert_eq!(not_after_of(&metrics), not_after(&stored));
    }
}

/// Nor is it trusted, or anybody could be told to trust what is lost.
#[test]
fn what_could_not_be_stored_is_not_served() {
    let mut objects = Objects::installed();
    objects.always_late = true;
    let (objects, metrics) = looked_after(objects);
    assert_eq!((objects.stored, objects.written.len()), (0, 0));
    assert_eq!(not_after_of(&metrics), 0);
    assert_no_error(&metrics);
}

/// Replicas that start at once make one certificate between them, and none of them waits for another that is gone.
#[test]
fn replicas_that_start_at_once_agree() {
    let (objects, metrics) = looked_after_by(3, Objects::installed());
    assert_eq!(objects.stored, 1);
    let keyring = objects.keyring();
    for path in CONFIGURATIONS {
        assert_eq!(decoded(objects.bundle(path)), keyring.bundle().as_bytes());
    }
    assert_eq!(objects.written.len(), CONFIGURATIONS.len());
    for metrics in metrics {
        assert_no_error(&metrics);
        let stored = &keyring.pair().certificate;
        assert_eq!(not_after_of(&metrics), not_after(stored));
    }
}

/// A cluster that was switched off for long: what is found has expired, and is renewed without a word.
#[test]
fn what_has_expired_is_renewed_and_nobody_is_told_to_empty_the_secret() {
    for started in [now() - 100 * DAY, START] {
        let objects = Objects::holding(&advanced(None, started, false).unwrap());
        let before = objects.by_path[SECRET].clone();
        let (objects, metrics) = looked_after(objects);
        assert_ne!(objects.by_path[SECRET], before);
        assert_no_error(&metrics);
    }
}
