//! The labels of nodes: their keys, the requirements on them, the sets of values that they can have, and the platforms
//! that know them.

mod asked;
mod key;
mod platform;
mod requirement;
mod value_set;

pub use asked::Asked;
pub use key::*;
pub use platform::Platform;
pub(crate) use requirement::RequirementFile;
pub use requirement::{Operator, Requirement};
pub use value_set::ValueSet;
