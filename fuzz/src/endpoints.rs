//! berth's endpoints. The targets call them here and nowhere else, or through the tests' `Review`.

use berth::admission::{mutate, validate};
use berth::placement::{Siblings, Snapshot};

/// The answers of both endpoints to one body. `None` stands for a body that is no review.
#[derive(Debug, PartialEq, Eq)]
pub struct Answers {
    /// The answer of `/mutate`.
    pub mutated: Option<Vec<u8>>,
    /// The answer of `/validate`.
    pub validated: Option<Vec<u8>>,
}

impl Answers {
    /// Asks both endpoints.
    pub fn to(body: &[u8], snapshot: &Snapshot) -> Self {
        Self {
            mutated: mutate(body, snapshot, &Siblings::none)
                .ok()
                .map(|answer| answer.body),
            validated: validate(body, snapshot).ok().map(|answer| answer.body),
        }
    }
}
