//! The answer of the API server to the request for a list.

use crate::named::named;

named! {
    /// The answer of the API server to the request for a list.
    pub(super) enum Availability {
        /// It has not answered yet.
        Unknown = "not-listed",
        /// It knows no such resource.
        Absent = "not-served",
        /// It may not be listed.
        Forbidden = "forbidden",
        /// It has listed the objects, and tells what changes.
        Listed = "listed",
    }
}
