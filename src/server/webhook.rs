//! The endpoints that the API server calls: `POST /mutate` and `POST /validate`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::time::timeout;

use super::body::Memory;
use super::duration;
use super::http_error::HttpError;
use super::limits::Limits;
use super::turns::Turns;
use crate::admission;
use crate::logging;
use crate::metrics::{Endpoint, Metrics};
use crate::placement::Snapshot;
use crate::split::Ledger;

/// The webhook, with all that its requests share.
#[derive(Debug)]
pub struct Webhook {
    snapshot: Arc<ArcSwapOption<Snapshot>>,
    ledger: Arc<Ledger>,
    metrics: Arc<Metrics>,
    limits: Limits,
    memory: Memory,
    turns: Arc<Turns>,
    created: Instant,
    /// The last second in which the log told of an overload, counted from 1 at the creation.
    told: AtomicU64,
}

impl Webhook {
    /// Returns a webhook that decides by the snapshot, and by the pods in the ledger, once the whole request has arrived.
    /// While there is no snapshot, it answers with [`HttpError::NotReady`].
    #[must_use]
    pub fn new(
        snapshot: Arc<ArcSwapOption<Snapshot>>,
        ledger: Arc<Ledger>,
        metrics: Arc<Metrics>,
        limits: Limits,
    ) -> Self {
        Self {
            memory: Memory::new(limits.memory, limits.connections),
            turns: Arc::new(Turns::new(limits.turns)),
            created: Instant::now(),
            told: AtomicU64::new(0),
            snapshot,
            ledger,
            metrics,
            limits,
        }
    }

    /// Returns the two endpoints. Any other path is answered with a 404.
    pub fn router(self) -> Router {
        let webhook = Arc::new(self);
        let at = |endpoint| {
            let webhook = Arc::clone(&webhook);
            move |request: Request| async move { webhook.answer(endpoint, request).await }
        };
        Router::new()
            .route("/mutate", any(at(Endpoint::Mutate)))
            .route("/validate", any(at(Endpoint::Validate)))
            .fallback(at(Endpoint::Other))
    }

    async fn answer(self: &Arc<Self>, endpoint: Endpoint, request: Request) -> Response {
        let begun = Instant::now();
        let response = match self.review(endpoint, request, begun).await {
            Ok(body) => {
                let json = HeaderValue::from_static("application/json");
                let mut response = Response::new(Body::from(body));
                response.headers_mut().insert(CONTENT_TYPE, json);
                response
            }
            Err(error) => {
                let endpoint = endpoint.as_str();
                let status = error.status().as_u16();
                // An API server calls no other path or method; a scanner or a curious person does. An overload would be
                // a line for each request.
                if matches!(error, HttpError::NotFound | HttpError::Method) || self.has_told(error)
                {
                    tracing::debug!(endpoint, status, refusal = %error, "refused a request");
                } else {
                    tracing::error!(endpoint, status, refusal = %error, "refused a request");
                }
                error.into_response()
            }
        };
        self.metrics
            .request(endpoint, response.status().as_u16(), begun.elapsed());
        response
    }

    /// True if the error is an overload, and the log has told of one in this second.
    fn has_told(&self, error: HttpError) -> bool {
        let now = self.created.elapsed().as_secs() + 1;
        matches!(error, HttpError::Overloaded | HttpError::Busy)
            && self.told.swap(now, Ordering::Relaxed) == now
    }

    /// Returns the body of the answer: a review. A large one takes its turn.
    async fn review(
        self: &Arc<Self>,
        endpoint: Endpoint,
        request: Request,
        begun: Instant,
    ) -> Result<Vec<u8>, HttpError> {
        if endpoint == Endpoint::Other {
            return Err(HttpError::NotFound);
        }
        if request.method() != Method::POST {
            return Err(HttpError::Method);
        }
        if !may_be_json(request.headers()) {
            return Err(HttpError::ContentType);
        }
        let time = self.time(request.uri().query().unwrap_or_default());
        let receive = self
            .memory
            .receive(request.into_body(), self.limits.body, &self.turns);
        let received = timeout(time, receive).await;
        let received = received.map_err(|_| HttpError::TooSlow)??;
        let (body, _shares, turn) = received.split();
        let Some(turn) = turn else {
            return self.decide(endpoint, &body, begun);
        };
        let webhook = Arc::clone(self);
        turn.run(body.len(), move || webhook.decide(endpoint, &body, begun))
            .await
    }

    /// Decides on a review, and returns the body of the answer.
    fn decide(
        &self,
        endpoint: Endpoint,
        body: &[u8],
        begun: Instant,
    ) -> Result<Vec<u8>, HttpError> {
        let snapshot = self.snapshot.load();
        let snapshot = snapshot.as_deref().ok_or(HttpError::NotReady)?;
        let answer = match endpoint {
            Endpoint::Mutate => self.ledger.settle(
                Instant::now(),
                |siblings| admission::mutate(body, snapshot, siblings),
                |answer| answer.as_ref().ok()?.record.new_pod(),
            ),
            Endpoint::Validate | Endpoint::Other => admission::validate(body, snapshot),
        };
        let answer = answer.map_err(HttpError::NotAReview)?;
        self.metrics.decision(endpoint, &answer.record);
        logging::decision(endpoint, &answer.record, begun);
        Ok(answer.body)
    }

    /// Returns the time that the body may take: the caller's own time (R5.9) less a tenth, which the answer needs to
    /// reach the caller.
    fn time(&self, query: &str) -> Duration {
        let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
        let asked = parameters
            .filter(|(name, _)| *name == "timeout")
            .find_map(|(_, value)| duration::parse(value).ok());
        let whole = asked.map_or(self.limits.request_time, |asked| {
            asked.min(self.limits.request_time)
        });
        (whole / 10 * 9).min(self.limits.body_time)
    }
}

/// True unless the content type names something else than JSON. A body without one may be JSON.
fn may_be_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let text = value.to_str().unwrap_or_default();
        let (media_type, _) = text.split_once(';').unwrap_or((text, ""));
        media_type.trim().eq_ignore_ascii_case("application/json")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{embedded_node_pools, embedded_policy};

    #[test]
    fn the_time_is_the_shortest_of_the_callers_and_our_own() {
        let (policy, _) = embedded_policy().unwrap();
        let snapshot = Snapshot::new(policy, embedded_node_pools().unwrap()).unwrap();
        let webhook = Webhook::new(
            Arc::new(ArcSwapOption::from_pointee(snapshot)),
            Arc::default(),
            Arc::new(Metrics::default()),
            Limits::default(),
        );
        for (query, milliseconds) in [
            ("", 5_000),
            ("timeout=2s", 1_800),
            ("a&b=c&timeout=500ms&", 450),
            ("timeout=30s", 5_000),
            ("timeout=soon", 5_000),
            ("timeout=soon&timeout=1s", 900),
            ("timeouts=1s", 5_000),
        ] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(webhook.time(query), expected, "{query}");
        }
    }
}
