//! Updates that become one snapshot. The API server sends each change in a message of its own, and to wake a thread for one
//! takes longer than to read it. So the thread sleeps before it takes a change soon after another, and then takes all that
//! have come meanwhile.

use std::thread::sleep;
use std::time::{Duration, Instant};

use futures_util::stream::Fuse;
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::task::yield_now;

/// The least time between two snapshots. The first update after a longer time makes one at once.
const SPACING: Duration = Duration::from_millis(50);

/// The times that other tasks get a turn before berth takes it that nothing more has come. A connection has one message
/// ready at a time, and its task needs a turn for the next one.
const TURNS: usize = 2;

/// A stream of updates, in batches.
pub(super) struct Batches<S> {
    updates: Fuse<S>,
    /// The time until which the next batch takes all that comes.
    due: Instant,
}

impl<S: Stream + Unpin> Batches<S> {
    pub(super) fn new(updates: S) -> Self {
        Self {
            updates: updates.fuse(),
            due: Instant::now(),
        }
    }

    /// Returns at least one update, and those that have come with it. Returns `None` once there are no more.
    ///
    /// They are all read before one of them is applied: the code of each stays in the processor's cache.
    ///
    /// The whole thread sleeps until the batch is due: a task that waits would still be woken by the arrival of each message.
    pub(super) async fn next(&mut self) -> Option<Vec<S::Item>> {
        let mut batch = vec![self.updates.next().await?];
        sleep(self.due.saturating_duration_since(Instant::now()));
        let end = Instant::now() + SPACING;
        while Instant::now() < end
            && let Some(update) = self.arrived().await
        {
            batch.push(update);
        }
        Some(batch)
    }

    /// Returns an update that is there by now, if any.
    async fn arrived(&mut self) -> Option<S::Item> {
        for _ in 0..TURNS {
            match self.updates.next().now_or_never() {
                Some(update) => return update,
                None => yield_now().await,
            }
        }
        None
    }

    /// Puts the next batch off.
    pub(super) fn rest(&mut self) {
        self.due = Instant::now() + SPACING;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::unfold;
    use tokio::sync::mpsc;

    use super::*;

    fn stream<T>(receiver: mpsc::Receiver<T>) -> impl Stream<Item = T> + Unpin {
        Box::pin(unfold(receiver, async |mut receiver| {
            let update = receiver.recv().await?;
            Some((update, receiver))
        }))
    }

    /// One number after another is sent, each once there is room for it, as the task of a connection does.
    #[tokio::test]
    async fn ten_thousand_updates_make_few_batches() {
        let (sender, receiver) = mpsc::channel(1);
        let sending = tokio::spawn(async move {
            for number in 0..10_000 {
                sender.send(number).await.unwrap();
            }
        });
        let begin = Instant::now();
        let mut batches = Batches::new(stream(receiver));
        let mut taken = Vec::new();
        while let Some(batch) = batches.next().await {
            taken.push(batch);
            batches.rest();
        }
        sending.await.unwrap();
        let most = begin.elapsed().as_millis() / SPACING.as_millis() + 2;
        assert!(taken.len() as u128 <= most, "{} batches", taken.len());
        assert_eq!(taken.concat(), (0..10_000).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_lone_update_waits_for_no_other() {
        let (sender, receiver) = mpsc::channel(1);
        let mut batches = Batches::new(stream(receiver));
        for number in 0..3 {
            sender.send(number).await.unwrap();
            assert_eq!(batches.next().await, Some(vec![number]));
        }
        drop(sender);
        assert_eq!(batches.next().await, None);
    }

    #[tokio::test]
    async fn what_comes_during_a_rest_is_one_batch() {
        let (sender, receiver) = mpsc::channel(8);
        let mut batches = Batches::new(stream(receiver));
        sender.send(0).await.unwrap();
        assert_eq!(batches.next().await, Some(vec![0]));
        let rest = Instant::now();
        batches.rest();
        for number in 1..=8 {
            sender.send(number).await.unwrap();
        }
        assert_eq!(batches.next().await, Some((1..=8).collect()));
        assert!(rest.elapsed() >= SPACING, "{:?}", rest.elapsed());
    }
}
