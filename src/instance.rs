//! EC2's instance types as data: the properties of each, from which the platforms make the labels of nodes.
//!
//! The table is `types.tsv`. `refresh` makes it from the answer of EC2's `DescribeInstanceTypes`. A type that came to
//! EC2 after the table has no line in it; its name says what berth knows of it.

mod capacity;
mod line;
mod name;
mod property;
mod table;

pub use line::InstanceType;
pub use name::TypeName;
pub use property::Property;
pub use table::{Table, TypeSet};
