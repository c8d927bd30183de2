//! The authorities that the API server trusts: `caBundle` of berth's own two webhook configurations.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::api::ApiError;
use crate::names::SHIPPED_NAME;

/// The time for which a bundle stands in both configurations before an authority that is new in it signs: an API server
/// learns of it from its watch, which takes milliseconds, or seconds if the API server is busy.
const SETTLED: Duration = Duration::from_secs(10);

/// The two configurations, to be read and written.
pub(super) struct Trust([Api<DynamicObject>; 2]);

/// The two configurations as they were read, between two moments. A configuration that does not exist counts as
/// trusting any bundle, since the API server calls nobody through it.
pub(super) struct Found {
    configurations: [Result<Option<DynamicObject>, ApiError>; 2],
    began: Instant,
    ended: Instant,
}

impl Trust {
    pub(super) fn new(client: &Client) -> Self {
        let kinds = [
            ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        ];
        Self(kinds.map(|kind| Api::all_with(client.clone(), &kind)))
    }

    /// Reads both configurations.
    pub(super) async fn read(&self) -> Found {
        let [mutating, validating] = &self.0;
        let began = Instant::now();
        let (mutating, validating) = tokio::join!(read(mutating), read(validating));
        Found {
            configurations: [mutating, validating],
            began,
            ended: Instant::now(),
        }
    }

    /// Writes a bundle into each configuration that has another, unless somebody has changed it since it was read.
    pub(super) async fn publish(&self, found: Found, bundle: &str) -> Result<(), ApiError> {
        let bundle = STANDARD.encode(bundle);
        let [mutating, validating] = &self.0;
        let [of_mutating, of_validating] = found.configurations;
        let mutating = publish(mutating, of_mutating, &bundle).await;
        // The second is tried even if the first failed.
        let validating = publish(validating, of_validating, &bundle).await;
        mutating.and(validating)
    }
}

impl Found {
    /// Returns which revisions of the configurations trust this bundle, or `None` unless both do.
    fn standing(&self, bundle: String) -> Option<Standing> {
        let encoded = STANDARD.encode(&bundle);
        let mut revisions = Vec::new();
        for found in &self.configurations {
            let found = found.as_ref().ok()?.as_ref();
            if found.is_some_and(|it| !lacking(it, &encoded).is_empty()) {
                return None;
            }
            revisions.push(found.map(|it| (it.uid(), it.metadata.generation)));
        }
        Some(Standing { bundle, revisions })
    }
}

/// A bundle that both configurations trust.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    bundle: String,
    /// The revision of each configuration that exists: its uid and its generation, which counts changes of its
    /// webhooks.
    revisions: Vec<Option<(Option<String>, Option<i64>)>>,
}

/// The bundle that both configurations trust, and the time since when this replica knows.
#[derive(Default)]
pub(super) struct Settling(Option<(Standing, Instant)>);

impl Settling {
    /// Notes what a look found. True if both configurations have trusted this bundle without a change in between,
    /// however short, long enough for every API server to know.
    pub(super) fn is_over(&mut self, found: &Found, bundle: String) -> bool {
        self.note(found.standing(bundle), found.began, found.ended)
    }

    /// Notes what a look found that began and ended then. It may have found it at any moment in between.
    fn note(&mut self, standing: Option<Standing>, began: Instant, ended: Instant) -> bool {
        let before = self.0.take();
        let Some(standing) = standing else {
            return false;
        };
        let same = before.filter(|(before, _)| *before == standing);
        let since = same.map_or(ended, |(_, since)| since);
        self.0 = Some((standing, since));
        began.saturating_duration_since(since) >= SETTLED
    }
}

async fn read(api: &Api<DynamicObject>) -> Result<Option<DynamicObject>, ApiError> {
    let found = api.get_opt(SHIPPED_NAME).await;
    found.map_err(ApiError::when("reading a webhook configuration"))
}

/// Returns the changes to a configuration, webhook by webhook, after which all its webhooks trust this bundle.
fn lacking(configuration: &DynamicObject, bundle: &str) -> Vec<Value> {
    let webhooks = configuration.data["webhooks"].as_array();
    webhooks
        .into_iter()
        .flatten()
        .filter(|webhook| webhook["clientConfig"]["caBundle"] != bundle)
        .map(|webhook| json!({"name": webhook["name"], "clientConfig": {"caBundle": bundle}}))
        .collect()
}

async fn publish(
    api: &Api<DynamicObject>,
    found: Result<Option<DynamicObject>, ApiError>,
    bundle: &str,
) -> Result<(), ApiError> {
    let Some(configuration) = found? else {
        return Ok(());
    };
    let lacking = lacking(&configuration, bundle);
    if lacking.is_empty() {
        return Ok(());
    }
    // The webhooks' names tell which is which; the version makes it a conflict if somebody else has written.
    let patch = Patch::Strategic(json!({
        "metadata": {"resourceVersion": configuration.resource_version()},
        "webhooks": lacking,
    }));
    let params = PatchParams {
        field_manager: Some("berth".to_owned()),
        ..PatchParams::default()
    };
    let patched = api.patch(SHIPPED_NAME, &params, &patch).await;
    patched.map_err(ApiError::when(
        "writing caBundle into a webhook configuration",
    ))?;
    // This line comes again and again if somebody else keeps writing another bundle.
    let kind = configuration.types.map(|types| types.kind);
    tracing::info!(
        kind,
        name = SHIPPED_NAME,
        "wrote caBundle into the webhook configuration"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bundle that both configurations trust, in their so many-th generation.
    fn standing(bundle: &str, generation: i64) -> Standing {
        Standing {
            bundle: bundle.to_owned(),
            revisions: vec![Some((Some("uid".to_owned()), Some(generation))); 2],
        }
    }

    /// Returns the result of looks that all find the same, each from one second to another.
    fn looks<const N: usize>(settling: &mut Settling, looks: [(u64, u64); N]) -> [bool; N] {
        let origin = settling.0.as_ref().map_or_else(Instant::now, |it| it.1);
        let at = |seconds| origin + Duration::from_secs(seconds);
        looks.map(|(began, ended)| settling.note(Some(standing("a", 1)), at(began), at(ended)))
    }

    #[test]
    fn a_bundle_settles_in_ten_seconds() {
        let mut settling = Settling::default();
        let settled = looks(&mut settling, [(0, 0), (9, 10), (10, 10), (30, 31)]);
        assert_eq!(settled, [false, false, true, true]);
    }

    /// Somebody else writes the configurations every now and then: what is trusted only in between has not settled. Nor
    /// has what another replica put back between two looks, which is of another generation.
    #[test]
    fn what_is_not_trusted_for_a_moment_has_to_settle_anew() {
        for between in [Some(standing("b", 1)), Some(standing("a", 2)), None] {
            let mut settling = Settling::default();
            let settled = looks(&mut settling, [(0, 0), (10, 10)]);
            assert_eq!(settled, [false, true]);
            let now = Instant::now() + SETTLED;
            assert!(!settling.note(between, now, now));
            assert!(!settling.note(Some(standing("a", 1)), now, now));
            let settled = looks(&mut settling, [(9, 10), (10, 10)]);
            assert_eq!(settled, [false, true]);
        }
    }

    /// A configuration as it is read.
    fn configuration(bundle: &str, generation: i64) -> DynamicObject {
        let client = json!({"caBundle": STANDARD.encode(bundle)});
        let object = json!({
            "metadata": {"uid": "uid", "generation": generation},
            "webhooks": [{"name": "a", "clientConfig": client}],
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn what_stands_is_told_by_its_generation() {
        let found = |bundle, generation| Found {
            configurations: [bundle, "a"].map(|it| Ok(Some(configuration(it, generation)))),
            began: Instant::now(),
            ended: Instant::now(),
        };
        let stands = |found: Found| found.standing("a".to_owned());
        assert_eq!(stands(found("a", 1)), Some(standing("a", 1)));
        assert_ne!(stands(found("a", 2)), stands(found("a", 1)));
        assert_eq!(stands(found("b", 1)), None, "one of the two");
    }

    /// A replica that is held up while it looks cannot tell when it saw what it saw.
    #[test]
    fn a_look_that_takes_long_proves_nothing() {
        let mut settling = Settling::default();
        let settled = looks(&mut settling, [(0, 20), (20, 20), (20, 40), (30, 30)]);
        assert_eq!(settled, [false, false, false, true]);
    }
}
