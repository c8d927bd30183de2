//! An operator installs berth, opts in and out, and removes it.

mod cert_manager;
mod chart;
mod helm;
pub(crate) mod installed;
mod kustomize;
mod restricted;
mod status;

use crate::harness::cluster::Extent;
use crate::runner::{Group, tests};

pub(crate) fn group() -> Group {
    Group {
        name: "installing",
        extent: Extent::All,
        tests: tests![
            chart::same_as_the_kustomization,
            chart::renderings,
            chart::refused_values,
            chart::package,
            restricted::restricted,
            helm::page,
            helm::boundary,
            helm::from_the_kustomization,
            kustomize::installation,
            kustomize::opting_in_and_out,
            kustomize::cron_job_templates,
            status::status,
            cert_manager::cert_manager,
        ],
    }
}
