//! Updates that become one snapshot. Updates come one by one even if there are ten thousand of them, and to assess a policy
//! takes time that grows with it and with the node pools.

use std::time::Duration;

use futures_util::stream::Fuse;
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

/// The least time between two snapshots. The first update after a longer time makes one at once.
const SPACING: Duration = Duration::from_millis(20);

/// A stream of updates, in batches.
pub(super) struct Batches<S> {
    updates: Fuse<S>,
    /// The time from which the next batch may end.
    due: Instant,
}

impl<S: Stream + Unpin> Batches<S> {
    pub(super) fn new(updates: S) -> Self {
        Self {
            updates: updates.fuse(),
            due: Instant::now(),
        }
    }

    /// Passes on at least one update, and all that come until the next snapshot is due. Returns false once there are no more.
    pub(super) async fn next(&mut self, mut take: impl FnMut(S::Item)) -> bool {
        let Some(first) = self.updates.next().await else {
            return false;
        };
        take(first);
        while Instant::now() < self.due
            && let Ok(Some(update)) = timeout_at(self.due, self.updates.next()).await
        {
            take(update);
        }
        self.due = Instant::now() + SPACING;
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    /// Sends numbers one by one, each after the one before has been taken. Returns the batches.
    async fn batches(numbers: u32) -> Vec<Vec<u32>> {
        let (sender, receiver) = mpsc::channel(1);
        let sending = tokio::spawn(async move {
            for number in 0..numbers {
                sender.send(number).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let receiver = futures_util::stream::unfold(receiver, async |mut receiver| {
            let number = receiver.recv().await?;
            Some((number, receiver))
        });
        let mut stream = Batches::new(Box::pin(receiver));
        let mut batches = Vec::new();
        loop {
            let mut batch = Vec::new();
            if !stream.next(|number| batch.push(number)).await {
                break;
            }
            batches.push(batch);
        }
        sending.await.unwrap();
        batches
    }

    #[tokio::test]
    async fn ten_thousand_updates_make_few_batches_and_a_first_one_at_once() {
        let begin = Instant::now();
        let batches = batches(10_000).await;
        let most = begin.elapsed().as_millis() / SPACING.as_millis() + 2;
        assert_eq!(batches[0], [0]);
        assert!(batches.len() as u128 <= most, "{} batches", batches.len());
        assert_eq!(batches.concat(), (0..10_000).collect::<Vec<_>>());
    }
}
