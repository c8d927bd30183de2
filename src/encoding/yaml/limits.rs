//! The bounds of a document, which hold off what would fill a machine and which no manifest meets, and their words.

/// The most maps and lists that may stand inside one another, so that no recursion over a value runs out of stack.
pub(super) const DEPTH: usize = 512;

/// The fault of a document that is deeper.
pub(super) const TOO_DEEP: &str =
    "more than 512 maps and lists stand inside one another: no manifest is that deep";

/// The most that anchors and aliases may stand for, in bytes: more than the API server would store.
pub(super) const ALIASED_BYTES: usize = 16 * 1024 * 1024;

/// The fault of a document whose aliases stand for more.
pub(super) const TOO_MUCH: &str =
    "the anchors and aliases of this document stand for more than 16 MiB: write the values out";

/// The fault of a map with a map or a list as a key. JSON has none.
pub(super) const COLLECTION_AS_KEY: &str =
    "a map or a list stands where a key belongs: a key is a text";
