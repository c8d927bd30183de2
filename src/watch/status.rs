//! Writes berth's judgement on the `PlacementPolicy` into its status.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::json;
use tokio::sync::watch;

use super::news::Judgement;
use super::update::PolicyObject;
use crate::definition::{self, Status};
use crate::logging::causes;
use crate::metrics::Metrics;
use crate::names::{API_VERSION, KIND};

/// The pause after the first failure to write. Each further pause is twice as long, up to [`LAST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_mins(1);

/// Keeps the status up to date until the sender of judgements is gone.
///
/// A replica writes each judgement once. During a rollout two versions of berth can judge a policy differently, and
/// would otherwise overwrite each other's status for ever.
pub(super) async fn write(
    client: Client,
    mut newest: watch::Receiver<Option<Judgement>>,
    metrics: &Metrics,
) {
    let api: Api<DynamicObject> = Api::all_with(client, &PolicyObject::resource());
    let mut said = None;
    let mut pause = FIRST_PAUSE;
    while newest.changed().await.is_ok() {
        loop {
            let judgement = newest.borrow_and_update().clone();
            let Some((statement, stored)) = judgement.as_ref().map(Statement::new) else {
                break;
            };
            if let Some(status) = statement.to_write(stored.as_ref(), said.as_ref(), &now())
                && let Err(error) = patch(&api, &status).await
            {
                metrics.watching.policy_status_error();
                let error = causes(&error);
                tracing::warn!(error, "cannot write the status of the PlacementPolicy");
                // A judgement that comes during the pause is written instead.
                let _ = tokio::time::timeout(pause, newest.changed()).await;
                pause = (pause * 2).min(LAST_PAUSE);
                continue;
            }
            pause = FIRST_PAUSE;
            said = Some(statement);
            break;
        }
    }
}

async fn patch(api: &Api<DynamicObject>, status: &Status) -> kube::Result<()> {
    // An apply removes the fields that berth wrote before and does not write any more.
    let patch = Patch::Apply(json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "status": status,
    }));
    let params = PatchParams::apply("berth").force();
    api.patch_status(definition::NAME, &params, &patch).await?;
    Ok(())
}

/// The status of a policy, without a time.
#[derive(Debug, Clone, PartialEq)]
struct Statement {
    /// The object's `uid`: an object that is created anew has no status yet.
    uid: String,
    /// The status, with 1970 in place of every time.
    status: Status,
}

impl Statement {
    /// Returns the statement of a judgement, and the status that the object has stored.
    fn new(judgement: &Judgement) -> (Self, Option<Status>) {
        let Judgement {
            object,
            result,
            misspelt,
        } = judgement;
        let result = result.as_ref();
        let in_force = result.map(|snapshot| (&*snapshot.policy, &*snapshot.catalogue));
        let never = Time(Timestamp::UNIX_EPOCH);
        let faults = misspelt
            .iter()
            .map(|(name, faults)| (&**name, faults.as_slice()));
        let statement = Self {
            uid: object.uid.clone(),
            status: Status::new(in_force, object.generation, None, &never).naming(faults),
        };
        let stored = serde_json::from_value(object.status.clone()).ok();
        (statement, stored)
    }

    /// Returns the status to write. Returns `None` if this replica has written it last, whoever has replaced it since,
    /// or if it is stored and this replica has written none yet.
    ///
    /// A replica that has written another one writes even what is stored: its own last write may arrive after it.
    fn to_write(&self, stored: Option<&Status>, said: Option<&Self>, now: &Time) -> Option<Status> {
        let is_of_berth = stored.is_some_and(|stored| !stored.conditions.is_empty());
        if is_of_berth && said == Some(self) {
            return None;
        }
        let status = self.status.clone().since(stored, now);
        if said.is_none() && stored == Some(&status) {
            None
        } else {
            Some(status)
        }
    }
}

/// Returns the present time in whole seconds, the precision that Kubernetes stores.
fn now() -> Time {
    let seconds = Timestamp::now().as_second();
    Time(Timestamp::from_second(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::field::FieldError;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    /// Returns the statement of a replica that refuses an object with this message.
    fn statement(uid: &str, message: &str) -> Statement {
        let error = FieldError::new(message).in_field("spec");
        Statement {
            uid: uid.to_owned(),
            status: Status::new(Err(&error), 1, None, &at(0)),
        }
    }

    #[test]
    fn each_object_is_told_once_and_again_only_when_it_has_been_told_nothing() {
        let ours = statement("a", "ours");
        let written = ours.to_write(None, None, &at(1)).unwrap();
        assert_eq!(written.conditions[0].last_transition_time, at(1));
        assert_eq!(ours.to_write(Some(&written), None, &at(2)), None, "stored");

        // Another replica judges the object differently, and since another time.
        let theirs = statement("a", "theirs").to_write(None, None, &at(3));
        assert_eq!(ours.to_write(theirs.as_ref(), Some(&ours), &at(4)), None);
        let changed = statement("a", "something else");
        let again = changed.to_write(theirs.as_ref(), Some(&ours), &at(4));
        let again = again.expect("what it learns, it says");
        assert_eq!(again.conditions[0].last_transition_time, at(3));

        let anew = statement("b", "ours");
        assert!(anew.to_write(None, Some(&ours), &at(1)).is_some());
        let emptied = Status::default();
        let again = ours.to_write(Some(&emptied), Some(&ours), &at(5));
        assert!(again.is_some(), "no berth has emptied it");
    }

    /// Two replicas see a node pool go back and forth. The slower one may write the state between after the quicker one
    /// has written the last, and so has to write the last itself.
    #[test]
    fn a_replica_that_has_written_another_status_writes_even_what_is_stored() {
        let (between, last) = (statement("a", "between"), statement("a", "last"));
        let stored = last.to_write(None, None, &at(1)).unwrap();
        assert_eq!(last.to_write(Some(&stored), None, &at(2)), None);
        let again = last.to_write(Some(&stored), Some(&between), &at(2));
        assert_eq!(again, Some(stored));
    }
}
