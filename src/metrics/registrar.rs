//! Registers each metric where it is made.

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

/// A registry in the making. It returns each metric that it registers; the two share their values.
pub(super) struct Registrar(Registry);

impl Registrar {
    /// Returns a registry that puts `berth_` before each name, and has the version as its first metric.
    pub(super) fn new() -> Self {
        let mut all = Registry::with_prefix("berth");
        all.register(
            "build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        Self(all)
    }

    /// Registers a metric under a name without its prefix, unit and ending.
    pub(super) fn register<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }

    /// Registers a metric, as [`Self::register`] does, and puts the unit after its name.
    pub(super) fn register_with_unit<M: Metric + Clone>(
        &mut self,
        name: &str,
        help: &str,
        unit: Unit,
        metric: M,
    ) -> M {
        self.0.register_with_unit(name, help, unit, metric.clone());
        metric
    }

    /// Returns the registry with every metric so far.
    pub(super) fn finish(self) -> Registry {
        self.0
    }
}
