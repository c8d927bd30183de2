//! Case files: objects, the world that they are created in, and what is expected of berth. `berth test` runs them, and so do
//! berth's own tests.
//!
//! [`read`] makes cases of a text. A [`Ground`] is what the shell has read for a case: a policy and node pools. On it, a case
//! has an [`Outcome`], and [`Case::differences`] compares the outcome with what is expected. [`rewritten`] brings a file up
//! to date.

mod difference;
mod edit;
mod expectation;
mod file;
mod flow;
mod ground;
mod outcome;
mod reading;
mod review;
mod rewriting;
mod schema;

pub use difference::{Difference, Strictness};
pub use file::{Case, Expect, Header, TextOrNone, Validate, Version};
pub use ground::{Ground, with_node_pools};
pub use outcome::Outcome;
pub use reading::{CaseAt, CaseFile, Misread, read};
pub use review::{NAMESPACE, Review, UID};
pub use rewriting::{NotRewritten, rewritten};
pub use schema::schema;
