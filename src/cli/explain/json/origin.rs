//! The place of an object in the input, and its name.

use serde::Serialize;

use crate::cli::explain::report::Examined;

/// The place of an object, and its name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OriginJson<'r> {
    file: &'r str,
    document: Option<usize>,
    line: Option<usize>,
    /// The path to the object in its document; empty for the document itself.
    path: String,
    api_version: Option<&'r str>,
    kind: Option<&'r str>,
    namespace: Option<&'r str>,
    name: Option<&'r str>,
    generate_name: Option<&'r str>,
}

/// Returns the place of an object.
pub(super) fn origin<'r>(object: &'r Examined<'_, '_>) -> OriginJson<'r> {
    let (identity, location) = (&object.identity, &object.location);
    let known = |text: &'r str| (!text.is_empty()).then_some(text);
    let kind = known(identity.kind);
    OriginJson {
        file: &location.file,
        document: location.document,
        line: location.line,
        path: object.path.to_string(),
        api_version: known(identity.api_version),
        kind,
        namespace: kind.map(|_| identity.effective_namespace()),
        name: known(identity.name),
        generate_name: known(identity.generate_name),
    }
}
