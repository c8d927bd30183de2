//! What berth counts and measures, in the text format that Prometheus reads.
//!
//! Every label is the name of an enum's variant or of something in the policy, so that no request can make a new
//! series.

pub mod watching;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::admission::Record;
use crate::named::named;
use watching::Watching;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

named! {
    /// What a request was sent to.
    pub enum Endpoint {
        /// `/mutate`.
        Mutate = "mutate",
        /// `/validate`.
        Validate = "validate",
        /// A path that there is not.
        Other = "other",
    }
}

named! {
    /// Which of the two sockets.
    pub enum Socket {
        /// The one that the API server calls.
        Webhook = "webhook",
        /// The one for probes and metrics.
        Ops = "ops",
    }
}

named! {
    /// Why a connection was given up before its first request.
    pub enum Refused {
        /// As many connections were open as may be.
        Limit = "limit",
        /// Its TLS handshake failed.
        Handshake = "handshake",
        /// Its TLS handshake, or the head of its first request, took too long.
        Timeout = "timeout",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: &'static str,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    endpoint: &'static str,
    kind: &'static str,
    reason: &'static str,
    mode: &'static str,
    rule: Option<Arc<str>>,
    pool: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    check: &'static str,
    action: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SocketLabels {
    socket: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    socket: &'static str,
    cause: &'static str,
}

/// A time as metrics and certificates tell it: in seconds since 1970.
#[must_use]
pub fn timestamp(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The metrics of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    findings: Family<FindingLabels, Counter>,
    patch_sizes: Histogram,
    namespaces_unknown: Counter,
    connections: Family<SocketLabels, Gauge>,
    connections_refused: Family<RefusedLabels, Counter>,
    certificate_not_after: Gauge,
    authority_not_after: Gauge,
    reload_errors: Counter,
    renewal_errors: Counter,
    /// Those of the watches and the policy.
    pub watching: Watching,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(duration_histogram),
            decisions: Family::default(),
            findings: Family::default(),
            patch_sizes: Histogram::new(exponential_buckets(64.0, 2.0, 8)),
            namespaces_unknown: Counter::default(),
            connections: Family::default(),
            connections_refused: Family::default(),
            certificate_not_after: Gauge::default(),
            authority_not_after: Gauge::default(),
            reload_errors: Counter::default(),
            renewal_errors: Counter::default(),
            watching: Watching::default(),
        };
        Self {
            registry: metrics.registered(),
            ..metrics
        }
    }
}

/// 10 µs to 1 s: a decision takes some ten microseconds, and the slowest caller waits for one second at the least.
fn duration_histogram() -> Histogram {
    let decades = (-5..0).map(|decade| 10_f64.powi(decade));
    let buckets = decades.flat_map(|low| [low, low * 2.5, low * 5.0]);
    Histogram::new(buckets.chain([1.0]))
}

impl Metrics {
    /// A registry that knows every metric of `self`; they share their values.
    fn registered(&self) -> Registry {
        let Self {
            registry: _,
            requests,
            durations,
            decisions,
            findings,
            patch_sizes,
            namespaces_unknown,
            connections,
            connections_refused,
            certificate_not_after,
            authority_not_after,
            reload_errors,
            renewal_errors,
            watching,
        } = self;
        let mut all = Registry::with_prefix("berth");
        all.register(
            "build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        all.register(
            "admission_requests",
            "Requests, by endpoint and HTTP status; anything but 200 counts against the failure policy",
            requests.clone(),
        );
        all.register_with_unit(
            "admission_duration",
            "From the head of a request to its answer, the arrival of its body included",
            Unit::Seconds,
            durations.clone(),
        );
        all.register(
            "decisions",
            "Objects decided on, by the reason of the outcome",
            decisions.clone(),
        );
        all.register(
            "findings",
            "What the checks of /validate found, by what is done about it",
            findings.clone(),
        );
        all.register_with_unit(
            "patch",
            "The size of the patches sent, before base64",
            Unit::Bytes,
            patch_sizes.clone(),
        );
        all.register(
            "namespaces_unknown",
            "Decisions for a namespace whose labels were not known",
            namespaces_unknown.clone(),
        );
        all.register("connections", "Open connections", connections.clone());
        all.register(
            "connections_refused",
            "Connections given up before their first request",
            connections_refused.clone(),
        );
        all.register_with_unit(
            "tls_certificate_not_after_timestamp",
            "When the certificate in use expires, in seconds since 1970; 0 while there is none",
            Unit::Seconds,
            certificate_not_after.clone(),
        );
        all.register_with_unit(
            "tls_authority_not_after_timestamp",
            "When the authority of a self-managed certificate expires, in seconds since 1970; 0 while there is none",
            Unit::Seconds,
            authority_not_after.clone(),
        );
        all.register(
            "tls_reload_errors",
            "Polls that found a certificate or key which cannot be used; the one before stays in use",
            reload_errors.clone(),
        );
        all.register(
            "tls_renewal_errors",
            "Failures to look after a self-managed certificate; what is in use stays",
            renewal_errors.clone(),
        );
        watching.register(&mut all);
        all
    }

    /// Counts a request that has been answered.
    pub fn request(&self, endpoint: Endpoint, code: u16, elapsed: Duration) {
        let endpoint = endpoint.as_str();
        self.requests
            .get_or_create(&RequestLabels { endpoint, code })
            .inc();
        self.durations
            .get_or_create(&EndpointLabels { endpoint })
            .observe(elapsed.as_secs_f64());
    }

    /// Counts a decision, and what was found.
    pub fn decision(&self, endpoint: Endpoint, record: &Record<'_>) {
        let labels = DecisionLabels {
            endpoint: endpoint.as_str(),
            kind: record.kind.as_str(),
            reason: record.reason.as_str(),
            mode: record.mode.as_str(),
            rule: record.rule.clone(),
            pool: record.pool.clone(),
        };
        self.decisions.get_or_create(&labels).inc();
        for finding in &record.findings {
            let labels = FindingLabels {
                check: finding.check.as_str(),
                action: finding.action.as_str(),
            };
            self.findings.get_or_create(&labels).inc();
        }
        if record.patch_bytes > 0 {
            // Exact for every patch below 2^53 bytes.
            #[expect(clippy::cast_precision_loss, reason = "a patch has a few KiB")]
            self.patch_sizes.observe(record.patch_bytes as f64);
        }
        if !record.namespace_known {
            self.namespaces_unknown.inc();
        }
    }

    /// Counts a connection for as long as the result lives.
    #[must_use]
    pub fn connection(&self, socket: Socket) -> OpenConnection {
        let socket = socket.as_str();
        let open = self
            .connections
            .get_or_create_owned(&SocketLabels { socket });
        open.inc();
        OpenConnection(open)
    }

    /// Counts a connection that was given up before its first request.
    pub fn connection_refused(&self, socket: Socket, cause: Refused) {
        let (socket, cause) = (socket.as_str(), cause.as_str());
        self.connections_refused
            .get_or_create(&RefusedLabels { socket, cause })
            .inc();
    }

    /// Notes when the certificate in use expires, in seconds since 1970.
    pub fn certificate(&self, not_after: i64) {
        self.certificate_not_after.set(not_after);
    }

    /// Notes when the authority of a self-managed certificate expires, in seconds since 1970.
    pub fn authority(&self, not_after: i64) {
        self.authority_not_after.set(not_after);
    }

    /// Counts a failure to look after a self-managed certificate.
    pub fn renewal_error(&self) {
        self.renewal_errors.inc();
    }

    /// Counts a certificate that could not be taken into use.
    pub fn reload_error(&self) {
        self.reload_errors.inc();
    }

    /// Everything as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = String::with_capacity(8 * 1024);
        let written = text::encode(&mut page, &self.registry);
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
        page
    }
}

/// A connection that is open.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
