//! berth places Kubernetes workloads on the right nodes: a mutating and validating admission webhook.
//!
//! A pure core decides; a thin shell feeds it. Data flows one way:
//!
//! ```text
//!  bytes ─review─▶ Request ─▶ Workload ┐
//!                           Policy     ├─▶ judge ─▶ Decision ─▶ patch ─▶ bytes      (/mutate)
//!                           Catalogue  ┤                    └─▶ findings ─▶ verdict (/validate)
//!                           Namespace  ┘                    └─▶ text, diff          (berth explain, berth test)
//! ```
//!
//! The modules are in reading order. Each may use those above it and none below.

pub mod names;

pub mod named;

pub mod encoding;

pub mod instance;

pub mod label;

pub mod node;

pub mod pod;

pub mod policy;

pub mod placement;

pub mod forecast;

pub mod validation;

pub mod admission;

pub mod split;

pub mod definition;

pub mod preflight;

pub mod cases;

pub mod lint;

pub mod metrics;

pub mod logging;

pub mod tls;

pub mod watch;

pub mod server;

pub mod cli;
