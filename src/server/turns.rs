//! The turns of large reviews: as many at once as there are processors, and the others wait for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::http_error::HttpError;

/// The longest that a review waits in a burst. What the burst brings is answered in time for its callers.
const BURST: Duration = Duration::from_millis(250);

/// The longest that a review waits once there have been more of them than turns for as long as a burst may last. Nobody
/// gains by a longer queue then: as many are answered, each later.
const OVERLOAD: Duration = Duration::from_millis(5);

/// The turns. The small reviews need none: a refusal would cost as much as their answer.
#[derive(Debug)]
pub(super) struct Turns {
    free: Arc<Semaphore>,
    created: Instant,
    /// The last time at which there was a turn for whoever came, in microseconds since the creation.
    last_free: AtomicU64,
}

impl Turns {
    /// Returns so many turns.
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            created: Instant::now(),
            last_free: AtomicU64::new(0),
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// When there is none in time.
    pub(super) async fn take(&self) -> Result<OwnedSemaphorePermit, HttpError> {
        if let Ok(turn) = Arc::clone(&self.free).try_acquire_owned() {
            self.last_free.store(self.now(), Ordering::Relaxed);
            return Ok(turn);
        }
        self.wait().await
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, HttpError> {
        let begun = Instant::now();
        let last_free = self.last_free.load(Ordering::Relaxed);
        let since = Duration::from_micros(self.now().saturating_sub(last_free));
        let patience = if since > BURST { OVERLOAD } else { BURST };
        match timeout(patience, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(turn)) if begun.elapsed() <= patience => Ok(turn),
            _ => Err(HttpError::Busy),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.created.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
