//! The files that commands read: what names them, how they are read, and the objects in them.

mod directory;
mod input;
mod object;
mod parse;

use std::path::PathBuf;

pub(super) use input::{Location, Manifest, read};
pub(super) use object::{Element, Identity, ObjectAt, elements};
pub(super) use parse::line_of;

/// The flag `-f`.
#[derive(Debug, clap::Args)]
pub(super) struct Inputs {
    /// Manifests: a file, a directory of .yaml, .yml and .json files, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    pub(super) filenames: Vec<PathBuf>,
}
