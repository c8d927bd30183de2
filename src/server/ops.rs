//! The endpoints for kubelet and Prometheus: `GET /livez`, `/readyz` and `/metrics`, over plain HTTP.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use tokio::sync::watch;

use super::shutdown::Phase;
use crate::metrics::{self, Metrics};
use crate::tls::Certificates;

/// What the answers depend on.
#[derive(Debug)]
pub struct Ops {
    /// The phase of the process.
    pub phase: watch::Receiver<Phase>,
    /// The certificate in use.
    pub certificates: Arc<Certificates>,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
}

impl Ops {
    /// The endpoints.
    pub fn router(self) -> Router {
        let ops = Arc::new(self);
        let ready = Arc::clone(&ops);
        Router::new()
            // That anything answers is all there is to say: restarting berth mends nothing that it depends on.
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(async move || ready.readiness()))
            .route("/metrics", get(async move || ops.page()))
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
