//! The contact of a watch with the API server, for metrics and the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kube::runtime::watcher;

use crate::logging::causes;
use crate::metrics::watching::{WatchMetrics, Watched};

/// Is called with each contact of a watch with the API server.
pub(super) type Heard = Arc<dyn Fn() + Send + Sync>;

/// The contact of a watch with the API server, for metrics and the log.
#[derive(Clone)]
pub(super) struct Contact {
    watched: Watched,
    metrics: WatchMetrics,
    is_lost: Arc<AtomicBool>,
    heard: Option<Heard>,
}

impl Contact {
    pub(super) fn new(watched: Watched, metrics: WatchMetrics, heard: Option<Heard>) -> Self {
        Self {
            watched,
            metrics,
            is_lost: Arc::default(),
            heard,
        }
    }

    /// Notes an answer, and logs it if the one before was a failure.
    pub(super) fn made(&self) {
        self.metrics.contact();
        if let Some(heard) = &self.heard {
            heard();
        }
        if self.is_lost.swap(false, Ordering::Relaxed) {
            tracing::info!(resource = %self.watched, "the API server answers again");
        }
    }

    /// Counts a failure. Only the first after a contact is worth a warning, since the watch tries again for ever.
    pub(super) fn failed(&self, error: &watcher::Error) {
        self.metrics.error();
        let (resource, error) = (self.watched, causes(error));
        if self.is_lost.swap(true, Ordering::Relaxed) {
            tracing::debug!(%resource, error, "still cannot watch");
        } else {
            tracing::warn!(%resource, error, "cannot watch, and tries again; what is known stays in force");
        }
    }
}
