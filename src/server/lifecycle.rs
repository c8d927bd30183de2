//! The life of the process: its phases, and the signals that end it.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::named::named;

named! {
    /// A phase in the life of the process, in order; the process never goes back to an earlier one.
    pub enum Phase {
        /// Not ready: there is no snapshot to decide by yet.
        Starting = "starting",
        /// Ready: the process decides on requests.
        Serving = "serving",
        /// A signal asked for the end: not ready any more, but the process still serves clients that have not heard of
        /// it. Every answer asks its client to close the connection. A close by the client loses no request, a close
        /// by berth could (R6.3).
        Draining = "draining",
        /// The webhook accepts no connection any more and finishes the requests in flight.
        Closing = "closing",
        /// The ops listener closes too, after the webhook.
        Over = "over",
    }
}

/// The phase of the process, and the one place that moves it on.
#[derive(Debug)]
pub struct Lifecycle(watch::Sender<Phase>);

impl Default for Lifecycle {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Starting))
    }
}

impl Lifecycle {
    /// Enters a phase. Does nothing if the process is past it.
    pub fn enter(&self, phase: Phase) {
        self.0.send_if_modified(|current| {
            let later = phase > *current;
            *current = phase.max(*current);
            later
        });
    }

    /// Returns a receiver that sees the phase and can wait for a later one.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Phase> {
        self.0.subscribe()
    }
}

/// Waits until the process has reached a phase, or its [`Lifecycle`] is gone.
pub async fn reached(receiver: &mut watch::Receiver<Phase>, phase: Phase) {
    // Nobody can enter a phase without the sender, so its end counts as the last phase.
    let _ = receiver.wait_for(|current| *current >= phase).await;
}

/// The signals that end the process: the first drains it, the second ends it at once.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts to listen for the signals.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next signal and returns its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
