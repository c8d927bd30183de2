//! The walk through the first hour: the page, command by command, on a cluster with node pools of its own.

mod first_hour;
#[path = "../pages/pattern.rs"]
mod pattern;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "walk",
        extent: Extent::All,
        tests: tests![first_hour::page],
    }
}
