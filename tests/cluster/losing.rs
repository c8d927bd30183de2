//! The cluster lost, changed and put back under a running berth: it answers by what it knows, and catches up.

mod asking;
mod churn;
mod cut;
mod dials;
mod extent;
mod many;
mod redefined;
mod restored;
mod row;
mod scene;
mod upgraded;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "losing",
        extent: Extent::ApiServer,
        tests: tests![
            restored::restored,
            upgraded::upgraded,
            redefined::redefined,
            many::many,
            cut::cut,
            churn::churn,
        ],
    }
}
