//! A socket that closes without losing the last answer.
//!
//! The system resets a socket that closes while bytes of its peer lie unread, and a reset can overtake the answer. A
//! client that sends too large a body would then see a broken connection instead of the 413, and a client of an
//! overloaded berth instead of the 503. So the socket first sends its own end, then reads on for a moment and drops the
//! bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The time that the peer has to close its side.
const PATIENCE: Duration = Duration::from_secs(1);

/// A TCP stream whose shutdown waits for that of its peer, for a second and some bytes at most.
#[derive(Debug)]
pub struct Lingering {
    stream: TcpStream,
    /// The bytes that it may still read and drop.
    bytes: usize,
    /// The time that is left, once berth has sent its own end.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Lingering {
    /// Wraps a stream, so that its shutdown waits for the peer and drops up to so many bytes.
    #[must_use]
    pub fn new(stream: TcpStream, bytes: usize) -> Self {
        Self {
            stream,
            bytes,
            patience: None,
        }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let patience = match &mut this.patience {
            Some(patience) => patience,
            none => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                none.insert(Box::pin(sleep(PATIENCE)))
            }
        };
        let mut scratch = [0; 4096];
        while patience.as_mut().poll(context).is_pending() {
            let mut unread = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut this.stream).poll_read(context, &mut unread));
            let dropped = unread.filled().len();
            if read.is_err() || dropped == 0 || dropped > this.bytes {
                break;
            }
            this.bytes -= dropped;
        }
        Poll::Ready(Ok(()))
    }
}
