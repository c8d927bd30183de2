//! The files that commands read: what names them, how they are read, and the objects in them.

mod directory;
mod input;
mod manifest;
mod object;
mod parse;
mod text;
mod unique;

use std::path::PathBuf;

pub(super) use input::read;
pub(super) use manifest::{Location, Manifest, ReadError, Warning};
pub(super) use object::{Element, Identity, ObjectAt, elements};

/// The flag `-f`.
#[derive(Debug, clap::Args)]
pub(super) struct Inputs {
    /// Manifests: a file, a directory of .yaml, .yml and .json files, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    pub(super) filenames: Vec<PathBuf>,
}
