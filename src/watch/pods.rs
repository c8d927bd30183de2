//! Follows the pods of split pools, for as long as the policy has a split. Without one berth sees no pod.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use kube::Config;
use kube::runtime::watcher::Event;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::availability::Availability;
use super::feed::feed;
use super::kinds::pods;
use super::update::WatchResult;
use crate::metrics::Metrics;
use crate::metrics::watching::Watched;
use crate::policy::Policy;
use crate::split::{CountedPod, Ledger};

/// The time between two counts for the metrics.
const COUNT: Duration = Duration::from_secs(1);

/// The pods of split pools, and those who need to know of them.
pub(super) struct Counting {
    pub(super) config: Config,
    pub(super) ledger: Arc<Ledger>,
    pub(super) metrics: Arc<Metrics>,
    /// The policy in force.
    pub(super) policy: watch::Receiver<Option<Arc<Policy>>>,
    /// Becomes true with the first answer of the API server about pods.
    pub(super) answered: watch::Sender<bool>,
}

impl Counting {
    /// Follows the pods whenever the policy has a split, for ever.
    ///
    /// # Errors
    /// When no client can be made of the configuration.
    pub(super) async fn run(mut self) -> kube::Result<()> {
        let is_split =
            |policy: &Option<Arc<Policy>>| policy.as_ref().is_some_and(|policy| policy.has_split());
        while self.policy.wait_for(is_split).await.is_ok() {
            self.follow().await?;
            self.ledger.forget();
            self.metrics.watching.forget(Watched::Pods);
            self.metrics.split.clear();
        }
        Ok(())
    }

    /// Follows the pods until the policy has no split any more.
    async fn follow(&mut self) -> kube::Result<()> {
        let ledger = Arc::clone(&self.ledger);
        let heard = Arc::new(move || ledger.hear(Instant::now()));
        let spec = pods(heard);
        let mut pods = feed(&self.config, Watched::Pods, &self.metrics, spec)?;
        let mut count = interval(COUNT);
        count.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut has_changed = true;
        loop {
            tokio::select! {
                Some(event) = pods.next() => {
                    self.take(event);
                    has_changed = true;
                }
                changed = self.policy.changed() => {
                    let policy = self.policy.borrow();
                    if changed.is_err() || !policy.as_ref().is_some_and(|policy| policy.has_split()) {
                        return Ok(());
                    }
                    has_changed = true;
                }
                _ = count.tick(), if has_changed => {
                    has_changed = false;
                    self.report();
                }
            }
        }
    }

    fn take(&self, event: WatchResult<CountedPod>) {
        let ledger = &self.ledger;
        match event {
            Ok(Event::InitApply((uid, pod))) => ledger.take_listed(&uid, pod),
            Ok(Event::InitDone) => {
                ledger.end();
                self.answered.send_replace(true);
            }
            Ok(Event::Apply((uid, pod))) => ledger.take(&uid, pod),
            Ok(Event::Delete((uid, _))) => ledger.take(&uid, None),
            // Nothing more will be known of the pods, and what is known is worth less every minute.
            Err(Some(Availability::Forbidden | Availability::Absent)) => {
                ledger.forget();
                self.answered.send_replace(true);
            }
            Ok(Event::Init) | Err(_) => ledger.begin(),
        }
    }

    fn report(&self) {
        let policy = self.policy.borrow().clone();
        match policy.and_then(|policy| self.ledger.tally(&policy)) {
            Some(tallies) => self.metrics.split.set(&tallies),
            None => self.metrics.split.clear(),
        }
    }
}
