//! Questions to berth, one after another, whose answers have to be right for what it can know.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::dials::{Dial, Dials, NAMESPACE, patch_of};
use crate::harness::api::Api;
use crate::harness::berth::Berth;
use crate::harness::eventually;
use crate::harness::scene::pod;

/// The time between two questions.
const PACE: Duration = Duration::from_millis(20);

/// The most wrong answers that are kept to be shown.
const SHOWN: usize = 5;

/// Asks a berth for the placement of one pod, and holds each answer against what is and was stored.
pub(super) struct Asking<'b> {
    berth: &'b Berth,
    pod: Value,
    /// The patch by zeros on all dials.
    zeros: String,
    /// The patch without a policy of the cluster, while there may be none.
    without: RefCell<Option<String>>,
    /// The numbers that were stored last, or are being stored.
    stored: Cell<Dials>,
    /// The numbers of the last answer.
    seen: Cell<Dials>,
    /// The numbers to which the cluster is put back, until an answer has them.
    back: Cell<Option<Dials>>,
    asked: Cell<usize>,
    wrong: Cell<usize>,
    /// The first wrong answers.
    shown: RefCell<Vec<String>>,
    longest: Cell<Duration>,
}

impl<'b> Asking<'b> {
    /// Waits until a berth answers by zeros on all dials.
    pub(super) async fn start(berth: &'b Berth) -> anyhow::Result<Self> {
        let pod = pod(NAMESPACE, "asked");
        let mut last = String::new();
        let outcome = eventually("berth answers by the first dials", async || {
            last = patch_of(&berth.mutate(&pod).await?.ok()?)?;
            let seen = Dials::read(&last, Dials::default());
            Ok((seen == Some(Dials::default())).then_some(()))
        });
        outcome.await.map_err(|error| error.context(last.clone()))?;
        Ok(Self {
            berth,
            pod,
            zeros: last,
            without: RefCell::default(),
            stored: Cell::default(),
            seen: Cell::default(),
            back: Cell::default(),
            asked: Cell::new(0),
            wrong: Cell::new(0),
            shown: RefCell::default(),
            longest: Cell::default(),
        })
    }

    /// Returns the numbers that were stored last.
    pub(super) fn stored(&self) -> Dials {
        self.stored.get()
    }

    /// Returns the number of questions so far.
    pub(super) fn asked(&self) -> usize {
        self.asked.get()
    }

    /// Returns the longest that berth took to answer.
    pub(super) fn longest(&self) -> Duration {
        self.longest.get()
    }

    /// Stores the next number of a dial.
    pub(super) async fn turn(&self, api: &Api, dial: Dial) -> anyhow::Result<()> {
        let stored = self.stored.get();
        let next = stored.with(dial, stored.of(dial) + 1);
        self.stored.set(next);
        next.store(api, dial).await
    }

    /// Tells that the cluster is put back to these numbers: until an answer has them, all from them on are right.
    pub(super) fn put_back(&self, to: Dials) {
        self.back.set(Some(to));
    }

    /// Tells that the cluster may have no policy from now on; the argument is the patch then.
    pub(super) fn may_lack_policy(&self, patch: Option<String>) {
        self.without.replace(patch);
    }

    /// Waits until an answer has these numbers, and returns how long that took.
    pub(super) async fn until(&self, dials: Dials) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let what = format!("berth answers by {dials:?}");
        let outcome = eventually(&what, async || Ok((self.seen.get() == dials).then_some(())));
        outcome
            .await
            .map_err(|error| error.context(format!("last by {:?}", self.seen.get())))?;
        Ok(begin.elapsed())
    }

    /// Asks while something happens, until that ends.
    pub(super) async fn during<T>(
        &self,
        happening: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let asking = async {
            let mut pace = interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                pace.tick().await;
                if let Err(error) = self.ask().await {
                    return error;
                }
            }
        };
        tokio::select! {
            outcome = happening => outcome,
            error = asking => Err(error),
        }
    }

    /// Fails if an answer was wrong.
    pub(super) fn judge(&self) -> anyhow::Result<()> {
        let (wrong, asked) = (self.wrong.get(), self.asked.get());
        let shown = self.shown.borrow().join("\n");
        ensure!(wrong == 0, "{wrong} of {asked} answers are wrong:\n{shown}");
        Ok(())
    }

    async fn ask(&self) -> anyhow::Result<()> {
        let begin = Instant::now();
        let reply = self.berth.mutate(&self.pod).await?;
        self.longest.set(self.longest.get().max(begin.elapsed()));
        self.asked.set(self.asked.get() + 1);
        if !reply.status.is_success() {
            bail!("{reply:?}");
        }
        let patch = patch_of(&reply.body)?;
        if self.without.borrow().as_ref() == Some(&patch) {
            return Ok(());
        }
        let back = self.back.get();
        let (before, stored) = (back.unwrap_or(self.seen.get()), self.stored.get());
        let read = Dials::read(&patch, before).filter(|read| {
            let is_known =
                |dial: Dial| (before.of(dial)..=stored.of(dial)).contains(&read.of(dial));
            Dial::ALL.into_iter().all(is_known) && read.patch(&self.zeros) == patch
        });
        if read.is_some() && read == back {
            self.back.set(None);
            self.stored.set(before);
        }
        if let Some(read) = read {
            self.seen.set(read);
            return Ok(());
        }
        self.wrong.set(self.wrong.get() + 1);
        let mut shown = self.shown.borrow_mut();
        if shown.len() < SHOWN {
            shown.push(format!(
                "after {before:?}, while {stored:?} are stored: {patch}"
            ));
        }
        Ok(())
    }
}
