//! The tools of the integration tests.

#[path = "../../tests/it/harness/repository.rs"]
pub(crate) mod repository;
#[path = "../../tests/it/harness/review.rs"]
pub(crate) mod review;
#[path = "../../tests/it/harness/snapshots.rs"]
pub(crate) mod snapshots;
#[path = "../../tests/it/harness/verdict.rs"]
pub(crate) mod verdict;
