//! The series of Karpenter's metrics that prices come from.

use std::collections::BTreeMap;

/// The price of an offer, in US dollars an hour, by `instance_type`, `capacity_type` and `zone`.
pub(super) const PRICE: &str = "karpenter_cloudprovider_instance_type_offering_price_estimate";
/// The vCPUs of an instance type.
pub(super) const CPU: &str = "karpenter_cloudprovider_instance_type_cpu_cores";
/// The memory of an instance type, in bytes.
pub(super) const MEMORY: &str = "karpenter_cloudprovider_instance_type_memory_bytes";

/// A value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

impl Series {
    pub(super) fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }

    /// True if berth reads the metric of this name.
    pub(super) fn is_read(name: &str) -> bool {
        [PRICE, CPU, MEMORY].contains(&name)
    }
}
