//! Receiving a body within a length, a time and a share of memory.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::refusal::Refusal;

/// The memory that all bodies together may take, handed out by the KiB as they arrive.
///
/// Not by what a request announces: a client that announces much and sends nothing would keep the others out.
#[derive(Debug)]
pub struct Memory(Semaphore);

/// A body, and its share of the memory.
#[derive(Debug)]
pub struct Received<'m> {
    /// The body.
    pub bytes: Bytes,
    _share: Option<SemaphorePermit<'m>>,
}

const UNIT: usize = 1024;

impl Memory {
    /// So many bytes, rounded down to whole KiB.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)))
    }

    /// Receives a body of at most `limit` bytes.
    ///
    /// # Errors
    /// When it is longer, when it breaks off, or when there is no memory left for it.
    pub async fn receive(&self, mut body: Body, limit: usize) -> Result<Received<'_>, Refusal> {
        let announced = body.size_hint().exact();
        if announced.is_some_and(|length| usize::try_from(length).map_or(true, |it| it > limit)) {
            return Err(Refusal::TooLarge);
        }
        let mut whole = Whole::Nothing;
        let mut share: Option<SemaphorePermit<'_>> = None;
        while let Some(frame) = body.frame().await {
            let Ok(chunk) = frame.map_err(|_| Refusal::BrokenOff)?.into_data() else {
                // Trailers mean nothing here.
                continue;
            };
            let length = whole.len() + chunk.len();
            if length > limit {
                return Err(Refusal::TooLarge);
            }
            let held = share.as_ref().map_or(0, SemaphorePermit::num_permits);
            let more = u32::try_from(length.div_ceil(UNIT) - held).unwrap_or(u32::MAX);
            let more = self.0.try_acquire_many(more);
            let more = more.map_err(|_| Refusal::Overloaded)?;
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            whole = whole.and(chunk, announced);
        }
        Ok(Received {
            bytes: whole.into_bytes(),
            _share: share,
        })
    }
}

/// What has arrived so far. Most bodies come in one piece, which is then never copied.
enum Whole {
    Nothing,
    Piece(Bytes),
    Pieces(BytesMut),
}

impl Whole {
    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Piece(piece) => piece.len(),
            Self::Pieces(pieces) => pieces.len(),
        }
    }

    fn and(self, chunk: Bytes, announced: Option<u64>) -> Self {
        let mut pieces = match self {
            Self::Nothing => return Self::Piece(chunk),
            Self::Piece(first) => {
                let capacity = announced.and_then(|length| usize::try_from(length).ok());
                let mut pieces = BytesMut::with_capacity(capacity.unwrap_or(2 * first.len()));
                pieces.extend_from_slice(&first);
                pieces
            }
            Self::Pieces(pieces) => pieces,
        };
        pieces.extend_from_slice(&chunk);
        Self::Pieces(pieces)
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::Piece(piece) => piece,
            Self::Pieces(pieces) => pieces.freeze(),
        }
    }
}
