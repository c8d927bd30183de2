//! The objects in manifests and pages of lists, as the checks of a registration take them.

use serde_json::Value;

use super::files::{Element, elements};
use crate::preflight::Object;

/// Returns the objects of documents, those in lists included. Anything else has nothing to do with a registration.
pub(super) fn objects<'v>(documents: impl IntoIterator<Item = &'v Value>) -> Vec<Object<'v>> {
    let elements = documents.into_iter().flat_map(elements);
    let objects = elements.filter_map(|element| match element {
        Element::Object(object) => Some(Object {
            group: object.identity.group(),
            kind: object.identity.kind,
            namespace: object.identity.namespace,
            name: object.identity.name,
            value: object.value,
        }),
        Element::Misfit { .. } => None,
    });
    objects.collect()
}
