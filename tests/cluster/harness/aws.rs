//! A stand-in for AWS: the calls that Karpenter's provider makes, answered from a table of instance types.
//!
//! It takes any key for right, and its instances are entries of a list. Equal calls get equal answers: a fleet takes the
//! cheapest type that it is offered, and of equal ones the first zone.

mod ec2;
mod fleet;
mod form;
mod iam;
mod instance_types;
mod pricing;
mod ssm;
mod xml;
mod zones;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::ec2::Ec2;
use self::form::Form;
use self::iam::Iam;
use self::instance_types::InstanceType;
use self::xml::{Failure, tag};

/// The region of all that there is.
pub(crate) const REGION: &str = "us-east-1";

/// The media type of the newer services' answers.
const JSON: &str = "application/x-amz-json-1.1";

/// The instance types that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    /// All of the table.
    All,
    /// Those that EKS Auto Mode does not pass over for their size.
    ForAutoMode,
}

/// A running stand-in. Dropping it ends it.
pub(crate) struct Aws {
    port: u16,
    task: JoinHandle<()>,
}

/// The services that keep something.
struct Services {
    ec2: Ec2,
    iam: Iam,
}

impl Aws {
    /// Starts it on a free port.
    pub(crate) async fn start(offered: Offered) -> anyhow::Result<Self> {
        let mut types = instance_types::read()?;
        if offered == Offered::ForAutoMode {
            types.retain(InstanceType::is_for_auto_mode);
        }
        let services = Services {
            ec2: Ec2::new(types),
            iam: Iam::default(),
        };
        let services = Arc::new(Mutex::new(services));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let services = services.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(request, &services));
                    let connection = http1::Builder::new();
                    // A client that goes away asks again, or has ended.
                    let _ = connection
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self { port, task })
    }

    /// Returns the URL of every service.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    request: Request<Incoming>,
    services: &Mutex<Services>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers().get("X-Amz-Target").cloned();
    let target = target.as_ref().and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.split('.').next_back());
    let body = request.into_body().collect().await;
    let body = body.map(http_body_util::Collected::to_bytes);
    let body = body.unwrap_or_default();
    let mut services = services.lock().unwrap_or_else(PoisonError::into_inner);
    let (media_type, (status, text)) = match operation {
        Some("GetParameter") => (JSON, ssm::get_parameter(&body)),
        Some("GetProducts") => (
            JSON,
            (
                StatusCode::OK,
                pricing::get_products(services.ec2.types.values()),
            ),
        ),
        _ => {
            let form = Form::read(&String::from_utf8_lossy(&body));
            ("text/xml", services.call(&form))
        }
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    if let Ok(value) = media_type.parse() {
        response.headers_mut().insert("Content-Type", value);
    }
    Ok(response)
}

impl Services {
    /// Answers a call of EC2's or of IAM's, whose names differ.
    fn call(&mut self, form: &Form) -> (StatusCode, String) {
        let action = form.get("Action");
        if form.get("DryRun") == "true" {
            let would = Failure::new("DryRunOperation", "the call would have succeeded");
            return (StatusCode::PRECONDITION_FAILED, would.of_ec2());
        }
        if let Some(result) = self.ec2.call(action, form) {
            return match result {
                Ok(content) => (
                    StatusCode::OK,
                    tag(
                        &format!("{action}Response"),
                        tag("requestId", "r") + &content,
                    ),
                ),
                Err(failure) => (StatusCode::BAD_REQUEST, failure.of_ec2()),
            };
        }
        match self.iam.call(action, form) {
            Some(Ok(content)) => {
                let result = tag(&format!("{action}Result"), content);
                (StatusCode::OK, tag(&format!("{action}Response"), result))
            }
            Some(Err(failure)) => (StatusCode::NOT_FOUND, failure.of_iam()),
            None => {
                let unknown = Failure::new("InvalidAction", &format!("there is no {action} here"));
                (StatusCode::BAD_REQUEST, unknown.of_ec2())
            }
        }
    }
}

/// Returns the name of the cluster and that of its nodes' role, which its node class needs.
pub(crate) fn facts() -> [(&'static str, &'static str); 2] {
    [("clusterName", "berth"), ("nodeRole", "berth-nodes")]
}

/// Returns the zones, each with its id.
pub(crate) fn zones() -> impl Iterator<Item = (&'static str, &'static str)> {
    zones::ZONES.iter().map(|zone| (zone.name, zone.id))
}
