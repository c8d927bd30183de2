//! The integration tests, in one binary, room by room.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod commands;
mod layout;
mod tidy;

/// The directory of the repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The tools of all rooms: files, reviews, the process and its clients.
mod harness {
    pub(crate) mod anyone;
    pub(crate) mod client;
    pub(crate) mod in_process;
    pub(crate) mod kustomize;
    pub(crate) mod metric_names;
    pub(crate) mod page;
    pub(crate) mod pki;
    pub(crate) mod program;
    pub(crate) mod repository;
    pub(crate) mod requests;
    pub(crate) mod review;
    pub(crate) mod server;
    pub(crate) mod snapshots;
    pub(crate) mod verdict;
    pub(crate) mod wait;
}

/// The model that berth is held against: kube-scheduler, Karpenter, and what people write. It decides without berth.
mod model {
    mod affinities;
    pub(crate) mod difference;
    pub(crate) mod exemptions;
    pub(crate) mod expected;
    mod instances;
    pub(crate) mod json;
    pub(crate) mod karpenter;
    mod labels;
    pub(crate) mod laws;
    pub(crate) mod names;
    mod node_pools;
    pub(crate) mod oracle;
    pub(crate) mod recorded;
    pub(crate) mod runs;
    pub(crate) mod scheduler;
    pub(crate) mod selectors;
    pub(crate) mod splits;
    pub(crate) mod workloads;
    pub(crate) mod worlds;
}

/// The core: decisions, patches and findings, without a process.
mod core {
    mod boundary;
    mod cases;
    mod documents;
    mod drafts;
    mod hostile;
    mod laws;
    mod node_pools;
    mod objects;
    mod own_labels;
    mod placement;
    mod policies;
    mod reading;
    mod records;
    mod rewriting;
    mod seeds;
    mod split;
    mod validation;
}

/// The process: its listeners, its certificates and its life.
mod serving {
    mod last_hour;
    mod lifecycle;
    mod limits;
    mod metrics;
    mod renegotiation;
    mod rotation;
    mod self_managed;
    mod transport;
    mod webhook;
}

/// The files that ship: manifests, charts, pages, dashboards.
mod shipped {
    mod cast_ai;
    mod chart;
    mod codes;
    mod dashboard;
    mod definition;
    mod dependencies;
    mod deployment;
    mod docs;
    mod fallback;
    mod kubernetes;
    mod manifests;
    mod monitoring;
    mod own_pods;
    mod pages;
    #[path = "../../monitoring/panels.rs"]
    mod panels;
    mod pictures;
    mod platforms;
    mod platforms_page;
    mod readme;
    mod release;
    mod restricted;
    mod rights;
    mod threats;
    mod webhooks;
}
