//! JSON of the API server, read and written without trees of values.

mod block;
mod reader;
mod skip;
mod writer;

pub(crate) use reader::fields;
pub use reader::{ITEMS, Malformed, Reader};
pub(crate) use skip::may_have_slash_in_key;
pub use writer::Writer;
