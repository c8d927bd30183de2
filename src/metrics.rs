//! The metrics of berth, in the text format that Prometheus reads.
//!
//! The value of every label is the name of an enum's variant or a name in the policy. No request can make a new series, and
//! new names in the policy leave a bounded number of them.

mod policy_counters;
mod registrar;
mod split;
mod tally;
mod timestamp;
pub mod watching;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::admission::Record;
use crate::named::named;
use crate::placement::{Basis, Snapshot};
use crate::policy::Source;
use policy_counters::{PolicyCounters, PolicyLabels};
use registrar::Registrar;
use tally::Decisions;
use watching::{Watched, Watching};

pub use split::SplitMetrics;
pub use tally::Tally;
pub use timestamp::timestamp;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

named! {
    /// The endpoint of a request to the webhook, by its path.
    pub enum Endpoint {
        /// `/mutate`.
        Mutate = "mutate",
        /// `/validate`.
        Validate = "validate",
        /// Any other path; it is answered with a 404.
        Other = "other",
    }
}

named! {
    /// One of the two sockets that berth listens on.
    pub enum Socket {
        /// The socket that the API server calls.
        Webhook = "webhook",
        /// The socket for probes and metrics.
        Ops = "ops",
    }
}

named! {
    /// A reason to give up a connection before its first request.
    pub enum ConnectionRefusal {
        /// As many connections are open as the socket allows: one is refused, or goes to make room.
        Limit = "limit",
        /// The TLS handshake failed.
        Handshake = "handshake",
        /// The TLS handshake, or the head of the first request, took too long.
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

impl PolicyLabels for DecisionLabels {
    fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    fn pool(&self) -> Option<&str> {
        self.pool.as_deref()
    }
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

/// The metrics of an endpoint that nearly every request to it changes, so that none of them looks for their labels.
#[derive(Debug, Default)]
struct Usual {
    answered: OnceLock<Counter>,
    durations: OnceLock<Histogram>,
}

/// The metrics of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    usual: [Usual; Endpoint::ALL.len()],
    decisions: PolicyCounters<DecisionLabels>,
    decided: Decisions,
    findings: Family<FindingLabels, Counter>,
    patch_sizes: Histogram,
    namespaces_unknown: Counter,
    connections: Family<SocketLabels, Gauge>,
    connections_refused: Family<RefusedLabels, Counter>,
    certificate_not_after: Gauge,
    authority_not_after: Gauge,
    reload_errors: Counter,
    renewal_errors: Counter,
    /// The metrics of split pools.
    pub split: SplitMetrics,
    /// The metrics of the watches and of the policy.
    pub watching: Watching,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Registrar::new();
        Self {
            requests: all.register(
                "admission_requests",
                "Requests, by endpoint and HTTP status; the failure policy decides on all but those with status 200",
                Family::default(),
            ),
            durations: all.register_with_unit(
                "admission_duration",
                "Time from the head of a request to its answer, the arrival of its body included",
                Unit::Seconds,
                Family::new_with_constructor(duration_histogram),
            ),
            usual: Default::default(),
            decisions: all.register(
                "decisions",
                "Objects that berth decided on, by reason",
                PolicyCounters::default(),
            ),
            decided: Decisions::default(),
            findings: all.register(
                "findings",
                "Findings of the checks of /validate, by the action that follows",
                Family::default(),
            ),
            patch_sizes: all.register_with_unit(
                "patch",
                "Sizes of the patches sent, before base64",
                Unit::Bytes,
                Histogram::new(exponential_buckets(64.0, 2.0, 8)),
            ),
            namespaces_unknown: all.register(
                "namespaces_unknown",
                "Decisions for a namespace whose labels berth did not know",
                Counter::default(),
            ),
            connections: all.register("connections", "Open connections", Family::default()),
            connections_refused: all.register(
                "connections_refused",
                "Connections given up before their first request",
                Family::default(),
            ),
            certificate_not_after: all.register_with_unit(
                "tls_certificate_not_after_timestamp",
                "Expiry of the certificate in use, in seconds since 1970; 0 while there is none",
                Unit::Seconds,
                Gauge::default(),
            ),
            authority_not_after: all.register_with_unit(
                "tls_authority_not_after_timestamp",
                "Expiry of the authority of a self-managed certificate, in seconds since 1970; 0 while there is none",
                Unit::Seconds,
                Gauge::default(),
            ),
            reload_errors: all.register(
                "tls_reload_errors",
                "Polls that found a certificate or key which cannot be used; the previous one stays in use",
                Counter::default(),
            ),
            renewal_errors: all.register(
                "tls_renewal_errors",
                "Failures to look after a self-managed certificate; the one in use stays",
                Counter::default(),
            ),
            split: SplitMetrics::new(&mut all),
            watching: Watching::new(&mut all),
            registry: all.finish(),
        }
    }
}

/// Returns a histogram from 10 µs to 1 s: a decision takes some ten microseconds, and the shortest timeout of a webhook
/// is one second.
fn duration_histogram() -> Histogram {
    let decades = (-5..0).map(|decade| 10_f64.powi(decade));
    let buckets = decades.flat_map(|low| [low, low * 2.5, low * 5.0]);
    Histogram::new(buckets.chain([1.0]))
}

impl Metrics {
    /// Counts an answered request and its duration.
    pub fn request(&self, endpoint: Endpoint, code: u16, elapsed: Duration) {
        let usual = &self.usual[endpoint as usize];
        let endpoint = endpoint.as_str();
        let answers = || {
            let labels = RequestLabels { endpoint, code };
            self.requests.get_or_create_owned(&labels)
        };
        if code == 200 {
            usual.answered.get_or_init(answers).inc();
        } else {
            answers().inc();
        }
        let durations = || {
            let labels = EndpointLabels { endpoint };
            self.durations.get_or_create_owned(&labels)
        };
        let durations = usual.durations.get_or_init(durations);
        durations.observe(elapsed.as_secs_f64());
    }

    /// Counts a decision and its findings.
    pub fn decision(&self, endpoint: Endpoint, record: &Record<'_>) {
        let labels = DecisionLabels {
            endpoint: endpoint.as_str(),
            kind: record.kind.as_str(),
            reason: record.reason.as_str(),
            mode: record.mode.as_str(),
            rule: record.rule.clone(),
            pool: record.pool.clone(),
        };
        self.decisions.inc(labels);
        if endpoint == Endpoint::Mutate {
            self.decided.inc(record.mode, record.reason);
            self.split.decision(record);
        }
        for finding in &record.findings {
            let labels = FindingLabels {
                check: finding.check.as_str(),
                action: finding.action.as_str(),
            };
            self.findings.get_or_create(&labels).inc();
        }
        if record.patch_bytes > 0 {
            // A patch of less than 2^53 bytes is counted exactly.
            #[expect(clippy::cast_precision_loss, reason = "a patch has a few KiB")]
            self.patch_sizes.observe(record.patch_bytes as f64);
        }
        if !record.namespace_known {
            self.namespaces_unknown.inc();
        }
    }

    /// Counts a connection as open until the result is dropped.
    #[must_use]
    pub fn connection(&self, socket: Socket) -> OpenConnection {
        let socket = socket.as_str();
        let open = self
            .connections
            .get_or_create_owned(&SocketLabels { socket });
        open.inc();
        OpenConnection(open)
    }

    /// Counts a connection that is given up before its first request.
    pub fn connection_refused(&self, socket: Socket, cause: ConnectionRefusal) {
        let (socket, cause) = (socket.as_str(), cause.as_str());
        self.connections_refused
            .get_or_create(&RefusedLabels { socket, cause })
            .inc();
    }

    /// Sets the expiry of the certificate in use, in seconds since 1970.
    pub fn certificate(&self, not_after: i64) {
        self.certificate_not_after.set(not_after);
    }

    /// Sets the expiry of the authority of a self-managed certificate, in seconds since 1970.
    pub fn authority(&self, not_after: i64) {
        self.authority_not_after.set(not_after);
    }

    /// Counts a failure to look after a self-managed certificate.
    pub fn renewal_error(&self) {
        self.renewal_errors.inc();
    }

    /// Counts a poll that found an unusable certificate or key.
    pub fn reload_error(&self) {
        self.reload_errors.inc();
    }

    /// Sets the policy in force. Of the names of former policies, the oldest go.
    pub fn policy(&self, source: Source, snapshot: &Snapshot) {
        self.watching.policy(source, snapshot);
        self.decisions.follow(&snapshot.policy);
        self.split.follow(&snapshot.policy);
    }

    /// Returns the decisions of the mutating side so far, by mode and reason.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.decided.tally()
    }

    /// Returns the basis on which pods of split pools get their side now. `None` if berth follows no pods, since no pool is
    /// split.
    #[must_use]
    pub fn split_basis(&self) -> Option<Basis> {
        let basis = if self.split.is_counted() {
            Basis::Counts
        } else {
            Basis::Lot
        };
        self.watching.is_watched(Watched::Pods).then_some(basis)
    }

    /// Returns all metrics in the format of [`CONTENT_TYPE`].
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = String::with_capacity(8 * 1024);
        let written = text::encode(&mut page, &self.registry);
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
        page
    }
}

/// An open connection; it counts as closed once this is dropped.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
