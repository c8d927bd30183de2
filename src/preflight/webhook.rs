//! One webhook of berth's, field by field.

use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;

use super::registration::{
    Configuration, NAME_LABEL, SERVICE, SHIPPED_NAME, Scene, Side, endpoint, selector,
};
use super::{Finding, Severity, Stage};
use crate::names::INJECTION_LABEL;

/// The longest that a webhook should be waited for, in seconds: others of the same request need the rest of its 34 (R5.9).
const LONGEST_TIMEOUT: i32 = 3;
/// How long it is waited for where nothing is said.
const DEFAULT_TIMEOUT: i32 = 10;

/// A webhook, and where what is found about it goes.
pub(super) struct Judge<'a, 'v> {
    pub(super) scene: &'a Scene,
    pub(super) configuration: &'a Configuration<'v>,
    /// Its place in the configuration.
    pub(super) index: usize,
    pub(super) webhook: &'a MutatingWebhook,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl Judge<'_, '_> {
    /// Judges a webhook of berth's.
    pub(super) fn webhook(&mut self) {
        self.failure_policy();
        self.namespace_selector();
        self.object_selector();
        self.rules();
        self.conditions();
        self.client();
        self.protocol();
    }

    pub(super) fn say(
        &mut self,
        severity: Severity,
        field: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let Configuration { side, name, .. } = self.configuration;
        let kind = side.kind();
        self.findings.push(Finding {
            severity,
            object: format!("{kind} {name}"),
            webhook: self.webhook.name.clone(),
            field: format!("webhooks[{}].{field}", self.index),
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// Whether the API server refuses what it cannot ask about. It does so, where nothing is said.
    pub(super) fn fails(&self) -> bool {
        self.webhook.failure_policy.as_deref() != Some("Ignore")
    }

    /// How bad it is to be asked about something: under Ignore it costs time, under Fail it stops.
    pub(super) fn by_policy(&self) -> Severity {
        if self.fails() {
            Severity::Error
        } else {
            Severity::Warning
        }
    }

    /// What comes of it under Fail; nothing to say under Ignore.
    pub(super) fn consequence<'t>(&self, text: &'t str) -> &'t str {
        if self.fails() { text } else { "" }
    }

    fn failure_policy(&mut self) {
        if !self.fails() {
            return;
        }
        let what = match (self.takes_pods("CREATE"), self.takes_others()) {
            (true, false) => "no pod",
            (true, true) => "no pod and no workload",
            (false, _) => "no workload",
        };
        match self.configuration.side {
            Side::Mutating => self.say(
                Severity::Warning,
                "failurePolicy",
                format!("Fail: while berth is down, {what} is created in the namespaces that it selects"),
                "failurePolicy: Ignore, as shipped: a pod that is not placed is a nuisance, one that is not created an outage",
            ),
            Side::Validating => self.say(
                Severity::Note,
                "failurePolicy",
                format!(
                    "Fail: until berth has its certificate, and whenever it is down, {what} is created in the namespaces \
                     that it selects, by whatever controller"
                ),
                "know the price of a boundary, deploy/overlays/boundary/README.md; failurePolicy: Ignore makes it a guard rail",
            ),
        }
    }

    fn namespace_selector(&mut self) {
        let selector = match selector(self.webhook.namespace_selector.as_ref()) {
            Ok(selector) => selector,
            Err((path, message)) => {
                let field = format!("namespaceSelector.{path}");
                self.say(
                    Severity::Error,
                    &field,
                    message,
                    "correct the field: the API server refuses it",
                );
                return;
            }
        };
        let protected = self.scene.protected().into_iter();
        let matched: Vec<&str> = protected
            .filter(|name| selector.admits(NAME_LABEL, Some(name)))
            .collect();
        if !matched.is_empty() {
            let names = matched.join(", ");
            self.say(
                self.by_policy(),
                "namespaceSelector",
                format!(
                    "could match {names}: whoever labels such a namespace makes it wait for berth{}",
                    self.consequence(
                        ", and while berth is down nothing is created there: not the cluster's pods, and not berth's own"
                    )
                ),
                format!("matchExpressions: {{key: {NAME_LABEL}, operator: NotIn, values: [{names}]}}"),
            );
        }
        // The validating side of a boundary judges every namespace on purpose.
        if self.configuration.side == Side::Mutating && selector.admits(INJECTION_LABEL, None) {
            self.say(
                self.by_policy(),
                "namespaceSelector",
                format!(
                    "matches namespaces that have not opted in, where berth changes nothing{}",
                    self.consequence("; while berth is down, no pod is created there either, those that berth needs among them")
                ),
                format!("matchLabels: {{{INJECTION_LABEL}: enabled}}"),
            );
        }
    }

    fn object_selector(&mut self) {
        let selector = self.webhook.object_selector.as_ref();
        let chooses = selector.is_some_and(|selector| {
            selector.match_labels.iter().flatten().next().is_some()
                || selector.match_expressions.iter().flatten().next().is_some()
        });
        if chooses {
            self.say(
                Severity::Warning,
                "objectSelector",
                "lets the author of a pod choose, by a label, whether berth is asked",
                format!(
                    "leave it out; {INJECTION_LABEL}: disabled on a pod is how its author opts out"
                ),
            );
        }
    }

    fn client(&mut self) {
        let client = &self.webhook.client_config;
        let wanted = self.configuration.side.path();
        if endpoint(client) != Some(wanted) {
            let field = if client.service.is_some() {
                "clientConfig.service.path"
            } else {
                "clientConfig.url"
            };
            self.say(
                self.by_policy(),
                field,
                format!("berth answers this side at {wanted} alone: every call fails"),
                format!("the path {wanted}"),
            );
        }
        let Some(service) = &client.service else {
            return;
        };
        if self.self_managed() && service.name != SERVICE {
            self.say(
                self.by_policy(),
                "clientConfig.service.name",
                format!("the certificate that berth makes itself is for a Service called {SERVICE}: every call fails"),
                format!("the name {SERVICE}, or a certificate of another source: deploy/certificates/README.md"),
            );
        }
        if !holds_certificate(client.ca_bundle.as_ref()) {
            self.ca_bundle();
        }
    }

    /// Whether berth makes the certificate by which it is called here.
    fn self_managed(&self) -> bool {
        self.scene.self_managed && !self.configuration.injected
    }

    /// There is none. Of a rendered configuration that may be as it should.
    fn ca_bundle(&mut self) {
        let misnamed = self.self_managed() && self.configuration.name != SHIPPED_NAME;
        let filled_later = self.configuration.injected || self.scene.self_managed && !misnamed;
        let severity = match self.scene.stage {
            Stage::Rendered if filled_later => return,
            Stage::Rendered if !self.fails() && !misnamed => Severity::Note,
            Stage::Rendered | Stage::Live => self.by_policy(),
        };
        let (state, remedy) = if misnamed {
            (
                "holds no certificate, and berth fills in configurations called zz-berth alone",
                "name the configuration zz-berth, or fill it in: deploy/certificates/README.md",
            )
        } else if filled_later {
            (
                "holds no certificate yet",
                "see why it is not filled in: berth's log, or that of cert-manager's injector",
            )
        } else {
            (
                "holds no certificate, and nothing seen here fills it in",
                "fill it in, or have berth or cert-manager do so: deploy/certificates/README.md",
            )
        };
        let consequence = if self.fails() {
            "everything that it is asked about is refused"
        } else {
            "berth is never asked"
        };
        self.say(
            severity,
            "clientConfig.caBundle",
            format!("{state}: until there is one, {consequence}"),
            remedy,
        );
    }

    fn protocol(&mut self) {
        let webhook = self.webhook;
        let timeout = webhook.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT);
        if timeout > LONGEST_TIMEOUT {
            self.say(
                Severity::Warning,
                "timeoutSeconds",
                format!(
                    "{timeout} s: when berth does not answer, everything that it is asked about takes so long, and a request \
                     has 34 s for all its webhooks"
                ),
                "timeoutSeconds: 2",
            );
        }
        match webhook.side_effects.as_str() {
            "None" => {}
            "NoneOnDryRun" => self.say(
                Severity::Warning,
                "sideEffects",
                "berth has none, not even otherwise",
                "sideEffects: None",
            ),
            other => self.say(
                Severity::Error,
                "sideEffects",
                format!("{other:?}: the API server refuses it, or else every dry run, and so kubectl diff and GitOps tools"),
                "sideEffects: None",
            ),
        }
        let mut versions = webhook.admission_review_versions.iter();
        if !versions.any(|version| version == "v1") {
            self.say(
                self.by_policy(),
                "admissionReviewVersions",
                "without v1 the API server may have no version to ask in: every call fails",
                "admissionReviewVersions: [v1]",
            );
        }
        if webhook.match_policy.as_deref() == Some("Exact") {
            self.say(
                Severity::Warning,
                "matchPolicy",
                "Exact: what is written in another version of its API passes by",
                "matchPolicy: Equivalent",
            );
        }
        let reinvocation = webhook.reinvocation_policy.as_deref();
        if self.configuration.side == Side::Mutating && reinvocation != Some("IfNeeded") {
            self.say(
                Severity::Warning,
                "reinvocationPolicy",
                "Never: what a webhook adds to a pod after berth is not seen, such as a selector that berth's own excludes",
                "reinvocationPolicy: IfNeeded",
            );
        }
    }
}

/// Whether there is a certificate in it. What is no PEM, a placeholder, is as good as nothing.
fn holds_certificate(bundle: Option<&ByteString>) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    bundle.is_some_and(|ByteString(bytes)| bytes.windows(BEGIN.len()).any(|part| part == BEGIN))
}
