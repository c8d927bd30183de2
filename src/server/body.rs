//! The bodies of requests, each within a length and a share of memory.

use std::ops::Deref;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::yield_now;

use super::http_error::HttpError;
use super::turns::{QUICK, Turn, Turns};

/// The memory that all bodies together may take. A body takes its share by the KiB as it arrives.
///
/// The announced length of a body takes nothing. Otherwise a client that announces much and sends nothing would keep
/// the others out. And the memory is in three parts, so that large bodies which stall keep no smaller ones out: the first
/// [`SMALL`] bytes of a body come from the first part, those up to [`MEDIUM`] from the second, the rest from the third.
#[derive(Debug)]
pub struct Memory {
    small: Semaphore,
    medium: Semaphore,
    large: Semaphore,
}

const UNIT: usize = 1024;
/// The bytes of a body that come from the first part of the memory. The review of a usual pod has fewer.
const SMALL: usize = 16 * UNIT;
/// The bytes of a body from which on it counts as large.
const MEDIUM: usize = 256 * UNIT;

impl Memory {
    /// Returns a memory of so many bytes. Its first part is large enough for all connections, unless that is more than a
    /// quarter; its second part is another quarter.
    #[must_use]
    pub fn new(bytes: usize, connections: usize) -> Self {
        let quarter = bytes / 4;
        let small = quarter.min(connections.saturating_mul(SMALL));
        let of = |bytes: usize| Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS));
        Self {
            small: of(small),
            medium: of(quarter),
            large: of(bytes - small - quarter),
        }
    }

    /// Receives a body of at most `limit` bytes; a large one in its turn.
    ///
    /// # Errors
    /// When the body is longer, when it breaks off, when there is no memory left for it, or when it gets no turn in time.
    pub(super) async fn receive(
        &self,
        mut body: Body,
        limit: usize,
        turns: &Arc<Turns>,
    ) -> Result<Received<'_>, HttpError> {
        let announced = body.size_hint().exact();
        let announced = announced.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced.is_some_and(|length| length > limit) {
            return Err(HttpError::TooLarge);
        }
        let is_large = |length| announced.unwrap_or(length) > QUICK;
        let mut received = Received::default();
        let mut length = 0;
        let mut is_refused = false;
        let mut turn = None;
        loop {
            if turn.is_none() && is_large(length) {
                let taken = turns.take().await;
                if taken.is_err() {
                    is_refused = true;
                    received = Received::default();
                }
                turn = Some(taken);
            }
            let arrived = if turn.is_some() {
                arrived(&mut body).await
            } else {
                None
            };
            let frame = if let Some(frame) = arrived {
                frame
            } else {
                // Whoever sends slowly keeps no turn from others.
                turn = None;
                body.frame().await
            };
            let Some(frame) = frame else { break };
            let Ok(chunk) = frame.map_err(|_| HttpError::BrokenOff)?.into_data() else {
                // A trailer is no part of the body.
                continue;
            };
            length += chunk.len();
            if length > limit {
                return Err(HttpError::TooLarge);
            }
            if is_refused {
                continue;
            }
            let room = received.whole.room_with(&chunk, announced.unwrap_or(limit));
            received.take_share(self, room)?;
            received.whole.push(chunk, room);
        }
        if is_refused {
            return Err(HttpError::Busy);
        }
        if turn.is_none() && is_large(length) {
            turn = Some(turns.take().await);
        }
        received.turn = turn.transpose().map_err(|_| HttpError::Busy)?;
        Ok(received)
    }
}

/// The times that other tasks get a turn before berth takes it that no more of a body has come. The task of the connection
/// needs one to read on, and one to pass on what it has read.
const YIELDS: usize = 3;

/// Returns the next frame of a body, or its end, if it is there by now.
async fn arrived(body: &mut Body) -> Option<Option<Result<Frame<Bytes>, axum::Error>>> {
    for _ in 0..YIELDS {
        let frame = body.frame().now_or_never();
        if frame.is_some() {
            return frame;
        }
        yield_now().await;
    }
    None
}

/// A body, with its shares of the memory and its turn.
#[derive(Debug, Default)]
pub(super) struct Received<'m> {
    whole: Whole,
    shares: Shares<'m>,
    /// The turn in which to decide on it, if it is large.
    turn: Option<Turn>,
}

/// Shares of the three parts of the memory.
pub(super) type Shares<'m> = [Option<SemaphorePermit<'m>>; 3];

impl<'m> Received<'m> {
    /// Takes memory until the shares are at least `room` bytes together.
    fn take_share(&mut self, memory: &'m Memory, room: usize) -> Result<(), HttpError> {
        let parts = [
            (&memory.small, room.min(SMALL)),
            (&memory.medium, room.min(MEDIUM).saturating_sub(SMALL)),
            (&memory.large, room.saturating_sub(MEDIUM)),
        ];
        for (share, (part, room)) in self.shares.iter_mut().zip(parts) {
            let held = share.as_ref().map_or(0, SemaphorePermit::num_permits);
            let more = room.div_ceil(UNIT).saturating_sub(held);
            if more == 0 {
                continue;
            }
            let more = u32::try_from(more).map_err(|_| HttpError::TooLarge)?;
            let taken = part.try_acquire_many(more);
            let taken = taken.map_err(|_| HttpError::Overloaded)?;
            match share {
                Some(share) => share.merge(taken),
                None => *share = Some(taken),
            }
        }
        Ok(())
    }

    /// Returns the bytes, their shares of the memory and the turn.
    pub(super) fn split(self) -> (Whole, Shares<'m>, Option<Turn>) {
        (self.whole, self.shares, self.turn)
    }
}

/// The bytes that have arrived so far. A body in one piece is never copied, and most bodies arrive so.
#[derive(Debug)]
pub(super) enum Whole {
    Piece(Bytes),
    Pieces(Vec<u8>),
}

impl Default for Whole {
    fn default() -> Self {
        Self::Piece(Bytes::new())
    }
}

impl Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Piece(piece) => piece,
            Self::Pieces(pieces) => pieces,
        }
    }
}

impl Whole {
    /// Returns the memory, in bytes, that these bytes and another chunk take. It doubles if it has to grow, but stays
    /// within `most`, the longest that the body can be.
    fn room_with(&self, chunk: &Bytes, most: usize) -> usize {
        let (length, capacity) = match self {
            Self::Piece(piece) => (piece.len(), piece.len()),
            Self::Pieces(pieces) => (pieces.len(), pieces.capacity()),
        };
        let needed = length + chunk.len();
        if length == 0 || needed <= capacity {
            needed.max(capacity)
        } else {
            needed.max(most.min(2 * capacity))
        }
    }

    fn push(&mut self, chunk: Bytes, room: usize) {
        match self {
            Self::Piece(piece) if piece.is_empty() => *self = Self::Piece(chunk),
            Self::Piece(piece) => {
                let mut pieces = Vec::with_capacity(room);
                pieces.extend_from_slice(piece);
                pieces.extend_from_slice(&chunk);
                *self = Self::Pieces(pieces);
            }
            Self::Pieces(pieces) => {
                pieces.reserve_exact(room - pieces.len());
                pieces.extend_from_slice(&chunk);
            }
        }
    }
}

#[cfg(test)]
mod tests;
