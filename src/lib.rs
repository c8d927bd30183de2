//! berth places Kubernetes workloads on the right nodes: a mutating and validating admission webhook.
//!
//! A pure core decides; a thin shell feeds it. Data flows one way:
//!
//! ```text
//!  bytes ─review─▶ Request ─▶ Pod      ┐
//!                           Policy     ├─▶ decide ─▶ Decision ─▶ patch ─▶ bytes      (/mutate)
//!                           Catalogue  ┤                      └─▶ checks ─▶ verdict   (/validate)
//!                           Namespace  ┘                      └─▶ text, diff          (berth explain)
//! ```
//!
//! The modules in reading order. Each may use those above it and none below.

pub mod names;

pub mod placement;

pub mod validation;

pub mod definition;

pub mod preflight;

pub mod admission;

pub mod metrics;

pub mod logging;

pub mod tls;

pub mod watch;

pub mod server;

pub mod cli;
