//! berth as the API server sees it: the shipped registration, and what comes of it.

mod corpus;
mod definition;
mod installation;
mod kinds;
mod kubectl;
mod outage;
mod reinvocation;
mod rotation;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "admission",
        extent: Extent::All,
        tests: tests![
            kinds::kinds,
            kubectl::dry_run,
            kubectl::apply_twice,
            kubectl::denials_and_warnings,
            reinvocation::second_webhook,
            outage::killed_and_restarted,
            outage::rolled,
            outage::before_the_certificate,
            rotation::rotation,
            installation::installation,
            installation::opting_in_and_out,
            installation::cron_job_templates,
            definition::definition,
            definition::right_policies,
            definition::wrong_policies,
            definition::largest_policy,
            definition::upgrade,
            definition::order,
            definition::columns,
            corpus::corpus,
        ],
    }
}
