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
    protocol::failure_policy(inspection);
    selectors::check_namespaces(inspection);
    selectors::check_objects(inspection);
    rules::check(inspection);
    conditions::check(inspection);
    client::check(inspection);
    protocol::check(inspection);
}

/// Inspects a webhook of somebody else's.
pub(super) fn inspect_foreign(inspection: &mut Inspection<'_>) {
    foreign::check(inspection);
}
