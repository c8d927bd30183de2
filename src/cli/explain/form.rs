//! The forms of the output.

use clap::ValueEnum;

/// A form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    Text,
    Table,
    Json,
    Yaml,
    Diff,
}
