//! The life of the process: its phases, and the signals that end it.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::named::named;

named! {
    /// What the process is at, in order; it never goes back.
    pub enum Phase {
        /// Something that a request needs is not there yet.
        Starting = "starting",
        /// Everything is there.
        Serving = "serving",
        /// Told to end: not ready any more, but serving whoever has not heard of it yet. Every answer asks its client
        /// to close the connection, which loses nothing, as our closing it would (R6.3).
        Draining = "draining",
        /// No new connections; what is in flight is finished.
        Closing = "closing",
        /// The ops listener closes too.
        Over = "over",
    }
}

/// Moves the process through its phases.
#[derive(Debug)]
pub struct Lifecycle(watch::Sender<Phase>);

impl Default for Lifecycle {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Starting))
    }
}

impl Lifecycle {
    /// Enters a phase; one that lies behind is passed over.
    pub fn enter(&self, phase: Phase) {
        self.0.send_if_modified(|current| {
            let later = phase > *current;
            *current = phase.max(*current);
            later
        });
    }

    /// Where the phase can be seen, and waited for.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Phase> {
        self.0.subscribe()
    }
}

/// Waits until a phase is reached.
pub async fn reached(receiver: &mut watch::Receiver<Phase>, phase: Phase) {
    // Without a sender nobody can order the end any more: that is the end.
    let _ = receiver.wait_for(|current| *current >= phase).await;
}

/// The signals that end the process: the first drains it, the second ends it at once.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one, and names it.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
