//! The turns of large reviews, from the time that their bodies are read: as many at once as there are processors. The others
//! wait for a moment, and are then refused.
//!
//! Even a refusal takes a turn, in which the body is read and dropped. Otherwise an overload would read hundreds of bodies at
//! once, and each of them would be complete at the end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::http_error::HttpError;

/// The most bytes of a review that needs no turn. Whatever is in it, it takes less than a millisecond.
pub(super) const QUICK: usize = 64 * 1024;

/// The most bytes of a review that is decided on where its connection is served: whatever is in it, it takes a millisecond or
/// two. A thread of its own would share the processor with the heads of all that is to be refused.
const BRIEF: usize = 256 * 1024;

/// The longest that a review waits in a burst. What the burst brings is answered in time for its callers.
const BURST: Duration = Duration::from_millis(250);

/// The longest that a review waits in an overload: while others have waited in vain. Nobody gains by a longer queue then:
/// as many are answered, each later.
const OVERLOAD: Duration = Duration::from_millis(1);

/// The time since the last review that waited in vain, after which an overload is over.
const CALM: Duration = Duration::from_secs(1);

/// The refusals between two decisions of an overload. To read a body takes less than to decide on it. With more of them, whoever
/// gets a decision waits longer for it; with fewer, whoever is refused does.
const REFUSALS: u32 = 3;

/// The longest that a review waits even for its refusal, should the decisions before it take that long.
const PATIENCE: Duration = Duration::from_millis(500);

/// The turns. The quick reviews need none: a refusal would cost as much as their answer.
#[derive(Debug)]
pub(super) struct Turns(Mutex<Queue>);

/// A turn. It goes to whoever is next when it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Arc<Turns>);

/// A refusal, with the turn in which to read what is refused. Without a turn, the wait was too long even for that.
#[derive(Debug)]
pub(super) struct Refusal(#[expect(dead_code, reason = "kept until it is dropped")] Option<Turn>);

impl Turns {
    /// Returns so many turns.
    pub(super) fn new(count: usize) -> Self {
        Self(Mutex::new(Queue {
            free: count,
            waiting: VecDeque::new(),
            overloaded_until: None,
            refusals: 0,
        }))
    }

    /// Waits for a turn.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Turn, Refusal> {
        let called = {
            let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.free > 0 {
                queue.free -= 1;
                return Ok(Turn(Arc::clone(self)));
            }
            let (call, called) = oneshot::channel();
            let since = Instant::now();
            queue.waiting.push_back(Waiting { since, call });
            called
        };
        match timeout(PATIENCE, called).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) | Err(_) => Err(Refusal(None)),
        }
    }

    /// Gives a turn that has become free to whoever is next.
    fn pass_on(self: &Arc<Self>) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = queue.next(Instant::now());
        drop(queue);
        let Some((call, verdict)) = next else {
            return;
        };
        let turn = Turn(Arc::clone(self));
        // Whoever has gone meanwhile drops it, and so passes it on.
        let _ = call.send(match verdict {
            Verdict::Decide => Ok(turn),
            Verdict::Refuse => Err(Refusal(Some(turn))),
        });
    }
}

impl Turn {
    /// Decides on a review of so many bytes. One that may take long does not keep others from their answers meanwhile.
    pub(super) async fn run<T: Send + 'static>(
        self,
        length: usize,
        decide: impl FnOnce() -> Result<T, HttpError> + Send + 'static,
    ) -> Result<T, HttpError> {
        let in_turn = move || {
            let _turn = self;
            decide()
        };
        if length <= BRIEF {
            return in_turn();
        }
        let decided = spawn_blocking(in_turn).await;
        decided.unwrap_or(Err(HttpError::Busy))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.pass_on();
    }
}

/// The reviews that wait for a turn, the oldest first.
#[derive(Debug)]
struct Queue {
    free: usize,
    waiting: VecDeque<Waiting>,
    overloaded_until: Option<Instant>,
    /// The refusals since the last decision.
    refusals: u32,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    call: Call,
}

type Call = oneshot::Sender<Result<Turn, Refusal>>;

#[derive(Debug, PartialEq)]
enum Verdict {
    Decide,
    Refuse,
}

impl Queue {
    /// Returns the review that gets a turn which has become free. If nobody waits, the turn stays free.
    ///
    /// In a burst, the oldest is next. In an overload it is the newest, whose answer is not late yet; those that have waited in
    /// vain are refused in between, the oldest first.
    fn next(&mut self, now: Instant) -> Option<(Call, Verdict)> {
        let is_gone = |waiting: &Waiting| waiting.call.is_closed();
        while self.waiting.front().is_some_and(is_gone) {
            self.waiting.pop_front();
        }
        while self.waiting.back().is_some_and(is_gone) {
            self.waiting.pop_back();
        }
        let (Some(oldest), Some(newest)) = (self.waiting.front(), self.waiting.back()) else {
            self.free += 1;
            return None;
        };
        let is_overloaded = self.overloaded_until.is_some_and(|until| now < until);
        let patience = if is_overloaded { OVERLOAD } else { BURST };
        let is_late = |waiting: &Waiting| now - waiting.since > patience;
        if is_late(oldest) && (self.refusals < REFUSALS || is_late(newest)) {
            self.refusals += 1;
            self.overloaded_until = Some(now + CALM);
            let oldest = self.waiting.pop_front()?;
            return Some((oldest.call, Verdict::Refuse));
        }
        self.refusals = 0;
        let next = if is_overloaded {
            self.waiting.pop_back()
        } else {
            self.waiting.pop_front()
        };
        Some((next?.call, Verdict::Decide))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::thread;

    use futures_util::FutureExt;
    use tokio::sync::oneshot::error::TryRecvError::Closed;

    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// A queue, and the callers that have entered it, by their names.
    struct Scene {
        queue: Queue,
        begun: Instant,
        callers: Vec<(&'static str, Called)>,
    }

    type Called = oneshot::Receiver<Result<Turn, Refusal>>;

    impl Scene {
        fn new() -> Self {
            Self {
                queue: Queue {
                    free: 0,
                    waiting: VecDeque::new(),
                    overloaded_until: None,
                    refusals: 0,
                },
                begun: Instant::now(),
                callers: Vec::new(),
            }
        }

        fn enters(&mut self, name: &'static str, milliseconds: u32) {
            let (call, called) = oneshot::channel();
            let since = self.begun + milliseconds * MILLISECOND;
            self.queue.waiting.push_back(Waiting { since, call });
            self.callers.push((name, called));
        }

        fn goes(&mut self, name: &str) {
            self.callers.retain(|(caller, _)| *caller != name);
        }

        /// Returns the caller that is next, and what becomes of its review.
        fn next(&mut self, milliseconds: u32) -> Option<(&'static str, Verdict)> {
            let now = self.begun + milliseconds * MILLISECOND;
            let (call, verdict) = self.queue.next(now)?;
            drop(call);
            let is_called = |called: &mut Called| matches!(called.try_recv(), Err(Closed));
            let mut callers = self.callers.iter_mut();
            let index = callers.position(|(_, called)| is_called(called))?;
            Some((self.callers.remove(index).0, verdict))
        }
    }

    #[test]
    fn a_burst_is_answered_in_its_order() {
        let mut scene = Scene::new();
        for name in ["first", "second", "third"] {
            scene.enters(name, 0);
        }
        scene.goes("second");
        assert_eq!(scene.next(10), Some(("first", Verdict::Decide)));
        assert_eq!(scene.next(250), Some(("third", Verdict::Decide)));
        assert_eq!(scene.next(260), None);
        assert_eq!(scene.queue.free, 1, "and the turn stays free");
    }

    #[test]
    fn an_overload_answers_the_newest_and_refuses_the_oldest() {
        let mut scene = Scene::new();
        let first = ["a", "b", "c"];
        let others = ["d", "e", "f", "g"];
        for name in [&first[..], &others, &["last"]].concat() {
            scene.enters(name, 0);
        }
        scene.enters("new", 300);
        for name in first {
            assert_eq!(scene.next(300), Some((name, Verdict::Refuse)));
        }
        scene.enters("newer", 301);
        scene.goes("newer");
        assert_eq!(scene.next(301), Some(("new", Verdict::Decide)));
        // Without anyone new, the others are refused.
        for name in others {
            assert_eq!(scene.next(302), Some((name, Verdict::Refuse)));
        }
        scene.enters("newest", 302);
        assert_eq!(scene.next(302), Some(("newest", Verdict::Decide)));
        // After a decision it is the turn of those again.
        scene.enters("later than that", 303);
        assert_eq!(scene.next(303), Some(("last", Verdict::Refuse)));
        assert_eq!(scene.next(303), Some(("later than that", Verdict::Decide)));
        // It ends once nobody has waited in vain for a second.
        scene.enters("late", 1290);
        scene.enters("later", 1295);
        assert_eq!(scene.next(1303), Some(("late", Verdict::Decide)));
        assert_eq!(scene.next(1600), Some(("later", Verdict::Refuse)));
    }

    #[tokio::test]
    async fn whoever_comes_when_all_turns_are_taken_waits_for_one() {
        let turns = Arc::new(Turns::new(2));
        let first = turns.take().await.unwrap();
        let _second = turns.take().await.unwrap();
        let mut third = pin!(turns.take());
        assert!(third.as_mut().now_or_never().is_none());
        drop(first);
        let third = third.await.unwrap();
        assert!(turns.take().now_or_never().is_none());
        drop(third);
        assert!(turns.take().await.is_ok());
    }

    #[tokio::test]
    async fn only_what_may_take_long_has_another_thread() {
        let turns = Arc::new(Turns::new(1));
        for (length, is_here) in [(BRIEF, true), (BRIEF + 1, false)] {
            let turn = turns.take().await.unwrap();
            let decided = turn.run(length, || Ok(thread::current().id())).await;
            assert_eq!(
                decided.unwrap() == thread::current().id(),
                is_here,
                "{length}"
            );
        }
    }
}
