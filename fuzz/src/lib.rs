//! The parts that the fuzz targets share: berth's endpoints, the model and the laws of the property tests, and workloads made
//! of a fuzzer's bytes.

#![expect(
    dead_code,
    reason = "the integration tests take more of the files that both include"
)]

pub mod endpoints;
pub mod ground;
mod harness;
pub mod merging;
mod model;
mod pods;
pub mod reviews;

/// The directory of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
