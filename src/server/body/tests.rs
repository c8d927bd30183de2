//! Bodies as clients send them, well and badly.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind};
use std::iter::repeat_with;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};

use hyper::HeaderMap;
use hyper::body::SizeHint;

use super::*;

const LIMIT: usize = 4 << 20;

impl Memory {
    /// Returns what is free of each part, in KiB.
    fn free(&self) -> [usize; 3] {
        [&self.small, &self.medium, &self.large].map(Semaphore::available_permits)
    }
}

/// The next step of a client.
enum Step {
    Bytes(usize),
    Trailer,
    /// There is no frame when berth looks for one.
    Dawdle,
    BreakOff,
    /// The test does this meanwhile.
    Meanwhile(Box<dyn FnOnce() + Send>),
}

/// A body as a client sends it.
struct Sent {
    announced: Option<u64>,
    steps: VecDeque<Step>,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            return Poll::Ready(match self.steps.pop_front() {
                Some(Step::Bytes(length)) => Some(Ok(Frame::data(vec![b' '; length].into()))),
                Some(Step::Trailer) => Some(Ok(Frame::trailers(HeaderMap::new()))),
                Some(Step::BreakOff) => Some(Err(ErrorKind::UnexpectedEof.into())),
                Some(Step::Dawdle) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Meanwhile(act)) => {
                    act();
                    continue;
                }
                None => None,
            });
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.announced
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn meanwhile(act: impl FnOnce() + Send + 'static) -> Step {
    Step::Meanwhile(Box::new(act))
}

/// Dawdles until berth no longer waits in its turn.
fn dawdle() -> impl Iterator<Item = Step> {
    repeat_with(|| Step::Dawdle).take(YIELDS + 1)
}

/// Receives a body of no announced length.
async fn receive<'m>(
    memory: &'m Memory,
    steps: impl IntoIterator<Item = Step>,
    turns: &Arc<Turns>,
) -> Result<Received<'m>, HttpError> {
    let sent = Sent {
        announced: None,
        steps: steps.into_iter().collect(),
    };
    memory.receive(Body::new(sent), LIMIT, turns).await
}

#[test]
fn the_memory_has_room_for_the_usual_review_of_every_connection() {
    for (bytes, connections, parts) in [
        (32 << 20, 8, [128, 8_192, 24_448]),
        (32 << 20, 512, [8_192, 8_192, 16_384]),
        (32 << 20, 600, [8_192, 8_192, 16_384]),
        (2 << 20, usize::MAX, [512, 512, 1_024]),
    ] {
        let memory = Memory::new(bytes, connections);
        assert_eq!(memory.free(), parts, "{bytes} for {connections}");
    }
}

#[test]
fn a_body_takes_its_share_of_each_part_by_the_kib() {
    let memory = Memory::new(4 << 20, 512);
    let mut received = Received::default();
    for (room, taken) in [
        (0, [0, 0, 0]),
        (1, [1, 0, 0]),
        (1_024, [1, 0, 0]),
        (1_025, [2, 0, 0]),
        (16 << 10, [16, 0, 0]),
        ((16 << 10) + 1, [16, 1, 0]),
        (256 << 10, [16, 240, 0]),
        ((256 << 10) + 1, [16, 240, 1]),
        (2 << 20, [16, 240, 1_792]),
        (3, [16, 240, 1_792]),
    ] {
        received.take_share(&memory, room).unwrap();
        let [small, medium, large] = taken;
        let free = [1_024 - small, 1_024 - medium, 2_048 - large];
        assert_eq!(memory.free(), free, "{room}");
    }
    let (whole, shares, _) = received.split();
    drop(whole);
    assert_eq!(memory.free(), [1_008, 784, 256]);
    drop(shares);
    assert_eq!(memory.free(), [1_024, 1_024, 2_048]);
}

#[test]
fn a_body_that_finds_no_memory_is_refused() {
    let memory = Memory::new(4 << 20, 512);
    let mut first = Received::default();
    first.take_share(&memory, 2 << 20).unwrap();
    let mut second = Received::default();
    let refused = second.take_share(&memory, 1 << 20);
    assert_eq!(refused, Err(HttpError::Overloaded));
}

#[test]
fn a_body_in_one_piece_is_not_copied() {
    let chunk = Bytes::from(vec![b' '; 10]);
    let mut whole = Whole::default();
    whole.push(chunk.clone(), 10);
    assert_eq!(whole.as_ptr(), chunk.as_ptr());
}

#[test]
fn a_body_in_pieces_doubles_its_memory_up_to_its_longest() {
    for (most, pieces) in [
        (100, &[(10, 10), (5, 20), (1, 20), (4, 20), (1, 40)][..]),
        (100, &[(10, 10), (15, 25), (0, 25)]),
        (30, &[(10, 10), (5, 20), (6, 30), (9, 30)]),
        (16, &[(10, 10), (5, 16), (1, 16)]),
    ] {
        let (mut whole, mut sent) = (Whole::default(), Vec::new());
        for (number, (length, expected)) in (b'a'..).zip(pieces) {
            let chunk = vec![number; *length];
            sent.extend_from_slice(&chunk);
            let chunk = Bytes::from(chunk);
            let room = whole.room_with(&chunk, most);
            assert_eq!(room, *expected, "{pieces:?}");
            whole.push(chunk, room);
            assert_eq!(*whole, *sent, "{pieces:?}");
            if let Whole::Pieces(pieces) = &whole {
                assert!(pieces.capacity() <= room, "{pieces:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_not_waited_for() {
    let memory = Memory::new(LIMIT, 1);
    let turns = Arc::new(Turns::new(1));
    for (length, refused) in [(LIMIT, None), (LIMIT + 1, Some(HttpError::TooLarge))] {
        let sent = Sent {
            announced: Some(length as u64),
            steps: dawdle().chain(dawdle()).collect(),
        };
        let received = memory.receive(Body::new(sent), LIMIT, &turns);
        let now = received.now_or_never();
        assert_eq!(now.and_then(Result::err), refused, "{length}");
    }
}

#[tokio::test]
async fn a_trailer_is_no_part_of_a_body() {
    let memory = Memory::new(LIMIT, 1);
    let turns = Arc::new(Turns::new(1));
    let received = receive(&memory, [Step::Bytes(10), Step::Trailer], &turns).await;
    assert_eq!(received.unwrap().split().0.len(), 10);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let memory = Memory::new(LIMIT, 1);
    let turns = Arc::new(Turns::new(1));
    let received = receive(&memory, [Step::Bytes(10), Step::BreakOff], &turns).await;
    assert_eq!(received.unwrap_err(), HttpError::BrokenOff);
}

#[tokio::test]
async fn a_large_body_has_a_turn_in_the_end_and_none_while_it_dawdles() {
    let memory = Memory::new(LIMIT, 1);
    let turns = Arc::new(Turns::new(1));
    for (length, is_large) in [(QUICK, false), (QUICK + 1, true)] {
        let others = Arc::clone(&turns);
        let others_turn =
            meanwhile(move || assert!(others.take().now_or_never().is_some(), "{length}"));
        let steps = [Step::Bytes(length)].into_iter().chain(dawdle());
        let received = receive(&memory, steps.chain([others_turn]), &turns).await;
        let (whole, _, turn) = received.unwrap().split();
        assert_eq!(whole.len(), length);
        assert_eq!(turn.is_some(), is_large, "{length}");
    }
}

#[tokio::test]
async fn a_body_that_is_refused_is_read_without_memory() {
    let memory = Arc::new(Memory::new(1 << 20, 1));
    let all = memory.free();
    let same = Arc::clone(&memory);
    let (reading, read) = mpsc::channel();
    let is_free = meanwhile(move || {
        assert_eq!(same.free(), all);
        reading.send(()).unwrap();
    });
    let steps = [Step::Bytes(QUICK + 1), Step::Bytes(2 << 20), is_free];
    let received = receive(&memory, steps, &Arc::new(Turns::new(0))).await;
    assert_eq!(received.unwrap_err(), HttpError::Busy);
    assert_eq!(read.try_recv(), Ok(()), "it is read to its end");
}

#[tokio::test]
async fn a_body_that_is_refused_stays_so_when_a_turn_becomes_free() {
    let memory = Memory::new(LIMIT, 1);
    let turns = Arc::new(Turns::new(1));
    let taken = turns.take().await.unwrap();
    let steps = [Step::Bytes(QUICK + 1)].into_iter().chain(dawdle());
    let steps = steps.chain([meanwhile(|| drop(taken))]);
    let received = receive(&memory, steps, &turns).await;
    assert_eq!(received.unwrap_err(), HttpError::Busy);
}
