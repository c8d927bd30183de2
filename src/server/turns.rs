//! The turns of large reviews: as many at once as there are processors, and the others wait for a moment.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::http_error::HttpError;

/// The most bytes of a review that needs no turn. Whatever is in it, it takes less than a millisecond.
pub(super) const QUICK: usize = 64 * 1024;

/// The longest that a review waits in a burst. What the burst brings is answered in time for its callers.
const BURST: Duration = Duration::from_millis(250);

/// The longest that a review waits in an overload: while others have waited in vain. Nobody gains by a longer queue then:
/// as many are answered, each later.
const OVERLOAD: Duration = Duration::from_millis(1);

/// The time since the last review that waited in vain, after which an overload is over.
const CALM: Duration = Duration::from_secs(1);

/// The steps by which the threads of the turns are less urgent than those that serve connections. Five give them a quarter
/// of a processor that both want.
const LESS_URGENT: i32 = 5;

/// The turns. The quick reviews need none: a refusal would cost as much as their answer.
#[derive(Debug)]
pub(super) struct Turns {
    free: Arc<Semaphore>,
    created: Instant,
    /// The time from the creation to the end of the overload, in microseconds.
    overloaded_until: AtomicU64,
}

impl Turns {
    /// Returns so many turns.
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            created: Instant::now(),
            overloaded_until: AtomicU64::new(0),
        }
    }

    /// Decides beside the threads that serve connections, which answer others meanwhile.
    ///
    /// # Errors
    /// When there is no turn in time.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        decide: impl FnOnce() -> Result<T, HttpError> + Send + 'static,
    ) -> Result<T, HttpError> {
        let turn = self.take().await?;
        let decided = spawn_blocking(move || {
            let _turn = turn;
            give_way();
            decide()
        });
        decided.await.unwrap_or(Err(HttpError::Busy))
    }

    async fn take(&self) -> Result<OwnedSemaphorePermit, HttpError> {
        if let Ok(turn) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(turn);
        }
        let begun = Instant::now();
        let age = begun - self.created;
        let overloaded_until = Duration::from_micros(self.overloaded_until.load(Ordering::Relaxed));
        let patience = if age < overloaded_until {
            OVERLOAD
        } else {
            BURST
        };
        match timeout(patience, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(turn)) if begun.elapsed() <= patience => Ok(turn),
            _ => {
                let until = u64::try_from((self.created.elapsed() + CALM).as_micros());
                self.overloaded_until
                    .store(until.unwrap_or(u64::MAX), Ordering::Relaxed);
                Err(HttpError::Busy)
            }
        }
    }
}

/// Lets the threads that serve connections go first from now on. They refuse what gets no turn, and take in what does. Where
/// the system does not let it, all are as urgent.
fn give_way() {
    thread_local! {
        static GIVES_WAY: Cell<bool> = const { Cell::new(false) };
    }
    // Elsewhere it would be for the whole process.
    if cfg!(target_os = "linux") && !GIVES_WAY.replace(true) {
        let _ = rustix::process::nice(LESS_URGENT);
    }
}
