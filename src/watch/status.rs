//! Writes what berth makes of the `PlacementPolicy` into its status.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::json;
use tokio::sync::watch;

use super::news::Judgement;
use super::resource;
use crate::definition::{self, Status};
use crate::logging::causes;
use crate::metrics::Metrics;
use crate::placement::policy::{API_VERSION, KIND};

/// The pause after the first failure to write; each further one is twice as long, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_mins(1);

/// Keeps the status up to date until there will be no more judgements.
///
/// All replicas write the same; each once for what it learns, so that two versions of berth that see a policy differently
/// do not answer each other for ever while the one takes the other's place.
pub(super) async fn write(
    client: Client,
    mut newest: watch::Receiver<Option<Judgement>>,
    metrics: &Metrics,
) {
    let api: Api<DynamicObject> = Api::all_with(client, &resource());
    let mut said = None;
    let mut pause = FIRST_PAUSE;
    while newest.changed().await.is_ok() {
        loop {
            let judgement = newest.borrow_and_update().clone();
            let status = judgement.as_ref().map(status);
            let Some((status, news)) = status.filter(|(status, _)| said.as_ref() != Some(status))
            else {
                break;
            };
            if news && let Err(error) = patch(&api, &status).await {
                metrics.watching.policy_status_error();
                let error = causes(&error);
                tracing::warn!(error, "cannot write the status of the PlacementPolicy");
                // Whatever comes in the meantime is written instead.
                let _ = tokio::time::timeout(pause, newest.changed()).await;
                pause = (pause * 2).min(LAST_PAUSE);
                continue;
            }
            pause = FIRST_PAUSE;
            said = Some(status);
            break;
        }
    }
}

async fn patch(api: &Api<DynamicObject>, status: &Status) -> kube::Result<()> {
    // Applied, so that what was said before and is not any more goes.
    let patch = Patch::Apply(json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "status": status,
    }));
    let params = PatchParams::apply("berth").force();
    api.patch_status(definition::NAME, &params, &patch).await?;
    Ok(())
}

/// The status that a judgement makes, and whether it says anything else than the one that is stored.
fn status(judgement: &Judgement) -> (Status, bool) {
    let Judgement { object, outcome } = judgement;
    let stored: Option<Status> = serde_json::from_value(object.status.clone()).ok();
    let outcome = outcome.as_ref();
    let outcome = outcome.map(|snapshot| (&*snapshot.policy, &*snapshot.catalogue));
    let status = Status::new(outcome, object.generation, stored.as_ref(), now());
    let news = stored.as_ref() != Some(&status);
    (status, news)
}

/// Now, to the second, as Kubernetes stores it.
fn now() -> Time {
    let seconds = Timestamp::now().as_second();
    Time(Timestamp::from_second(seconds).unwrap_or_default())
}
