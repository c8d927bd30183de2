//! The API server's answers to a request for a list.

use crate::named::named;

named! {
    /// The answer of the API server to the request for a list of one kind of object.
    pub(super) enum Availability {
        /// The API server has not answered yet.
        Unknown = "not-listed",
        /// The API server serves no such resource.
        Absent = "not-served",
        /// berth lacks the right to list the resource.
        Forbidden = "forbidden",
        /// The API server has listed the objects, and sends their changes.
        Listed = "listed",
    }
}
