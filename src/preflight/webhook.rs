//! One webhook, field by field.

mod client;
mod conditions;
mod foreign;
mod inspection;
mod protocol;
mod rules;
mod selectors;

pub(super) use inspection::Inspection;

/// Inspects a webhook of berth's.
pub(super) fn inspect(inspection: &mut Inspection<'_>) {
    inspection.failure_policy();
    inspection.namespace_selector();
    inspection.object_selector();
    inspection.rules();
    inspection.conditions();
    inspection.client();
    inspection.protocol();
}

/// Inspects a webhook of somebody else's.
pub(super) fn inspect_foreign(inspection: &mut Inspection<'_>) {
    inspection.own_pods_wait();
}
