//! berth as the API server sees it: the shipped registration, and what comes of it.

mod kinds;

use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "admission",
        tests: tests![kinds::kinds],
    }
}
