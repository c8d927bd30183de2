//! The endpoints for kubelet, Prometheus and `berth status`: `GET /livez`, `/readyz`, `/metrics` and `/decisions`, over plain
//! HTTP.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use tokio::sync::watch;

use super::last_hour::LastHour;
use super::lifecycle::Phase;
use crate::metrics::{self, Metrics};
use crate::tls::Certificates;

/// The state of the process that the endpoints report.
#[derive(Debug)]
pub struct Ops {
    /// The phase of the process; `/readyz` succeeds in [`Phase::Serving`] alone.
    pub phase: watch::Receiver<Phase>,
    /// The certificate in use; `/readyz` fails while there is none that clients can accept.
    pub certificates: Arc<Certificates>,
    /// The metrics that `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// The decisions that `/decisions` shows.
    pub last_hour: Arc<LastHour>,
}

impl Ops {
    /// Returns the four endpoints. Any other path is answered with a 404.
    pub fn router(self) -> Router {
        let ops = Arc::new(self);
        let ready = Arc::clone(&ops);
        let last_hour = Arc::clone(&ops.last_hour);
        Router::new()
            // An answer is all that liveness asks for: a restart of berth mends nothing that it depends on.
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(async move || ready.readiness()))
            .route("/metrics", get(async move || ops.page()))
            .route("/decisions", get(async move || page_of(&last_hour)))
    }

    fn readiness(&self) -> Response {
        let phase = *self.phase.borrow();
        if phase != Phase::Serving {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("{phase}\n")).into_response();
        }
        match self.certificates.check(SystemTime::now()) {
            Ok(()) => "ok\n".into_response(),
            Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
        }
    }

    fn page(&self) -> Response {
        ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], self.metrics.text()).into_response()
    }
}

fn page_of(last_hour: &LastHour) -> Response {
    let text = serde_json::to_string(&last_hour.window()).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], text + "\n").into_response()
}
