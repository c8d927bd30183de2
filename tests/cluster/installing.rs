//! What an operator does to a cluster: installing berth, opting in and out, and getting rid of it.

mod cert_manager;
mod kustomize;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "installing",
        extent: Extent::All,
        tests: tests![
            kustomize::installation,
            kustomize::opting_in_and_out,
            kustomize::cron_job_templates,
            cert_manager::cert_manager,
        ],
    }
}
