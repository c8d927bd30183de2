//! Writes what berth makes of the `PlacementPolicy` into its status.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::json;
use tokio::sync::watch;

use super::resource;
use super::view::{Judgement, Resolved};
use crate::definition::{
    self, Condition, ConditionReason, ConditionStatus, ConditionType, PoolStatus, Status,
};
use crate::metrics::Metrics;
use crate::placement::policy::{API_VERSION, KIND};

/// The pause after the first failure to write; each further one is twice as long, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_mins(1);
/// Enough for any path and message of a policy error.
const MESSAGE_CHARACTERS: usize = 2048;

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
                tracing::warn!(%error, "cannot write the status of the PlacementPolicy");
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
    let Judgement {
        object,
        error,
        pools,
    } = judgement;
    let stored: Option<Status> = serde_json::from_value(object.status.clone()).ok();
    let (status, reason, message) = match error {
        None => (
            ConditionStatus::True,
            ConditionReason::Accepted,
            "the policy is in force".to_owned(),
        ),
        Some(error) => (
            ConditionStatus::False,
            ConditionReason::Invalid,
            error.to_string().chars().take(MESSAGE_CHARACTERS).collect(),
        ),
    };
    let before = stored.iter().flat_map(|stored| &stored.conditions);
    let mut before = before.filter(|condition| condition.kind == ConditionType::Accepted);
    let since = before.find(|condition| condition.status == status);
    let observed_generation = Some(object.generation);
    let condition = Condition {
        kind: ConditionType::Accepted,
        status,
        observed_generation,
        last_transition_time: since
            .map_or_else(now, |condition| condition.last_transition_time.clone()),
        reason,
        message,
    };
    let mut missing: Vec<String> = pools.iter().flat_map(|pool| texts(&pool.missing)).collect();
    missing.sort_unstable();
    missing.dedup();
    let status = Status {
        observed_generation,
        conditions: vec![condition],
        missing,
        pools: pools.iter().map(pool_status).collect(),
    };
    let news = stored.as_ref() != Some(&status);
    (status, news)
}

fn pool_status(resolved: &Resolved) -> PoolStatus {
    let Resolved {
        pool,
        node_pools,
        missing,
    } = resolved;
    PoolStatus {
        name: pool.to_string(),
        node_pools: texts(node_pools).collect(),
        missing: texts(missing).collect(),
    }
}

fn texts(names: &[std::sync::Arc<str>]) -> impl Iterator<Item = String> {
    names.iter().map(ToString::to_string)
}

/// Now, to the second, as Kubernetes stores it.
fn now() -> Time {
    let seconds = Timestamp::now().as_second();
    Time(Timestamp::from_second(seconds).unwrap_or_default())
}
