//! The integration tests, in one binary, room by room.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod commands;
mod harness;
mod layout;
mod tidy;

/// The model that the properties hold berth against.
mod model {
    pub(crate) mod generate;
    mod oracle;
    pub(crate) mod scheduler;
}

/// The core: decisions, patches and findings, without a process.
mod core {
    mod boundary;
    mod cases;
    pub(crate) mod laws;
    pub(crate) mod validation;
}

/// The process: its listeners, its certificates and its life.
mod serving {
    mod lifecycle;
    mod limits;
    mod metrics;
    mod rotation;
    mod self_managed;
    mod transport;
    mod webhook;
}

/// The files that ship: manifests, charts, pages, dashboards.
mod shipped {
    mod cast_ai;
    mod chart;
    mod dashboard;
    mod definition;
    pub(crate) mod docs;
    pub(crate) mod manifests;
    pub(crate) mod monitoring;
    pub(crate) mod pages;
    #[path = "../../monitoring/panels.rs"]
    pub(crate) mod panels;
    mod platforms;
    mod release;
}

// The paths that these modules had before they moved into rooms.
use self::core::{laws, validation as checks};
use harness::review as reviews;
use model::{generate, scheduler};
use shipped::{docs, manifests, monitoring, panels};
