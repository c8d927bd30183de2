//! The files that commands read: what names them, how they are read, and the objects in them.

mod directory;
mod input;
mod manifest;
mod object;
mod parse;
mod stream;
mod text;
mod unique;

use std::path::{Path, PathBuf};

pub(super) use directory::manifest_files;
pub(super) use input::read;
pub(super) use manifest::{Location, Manifest, ReadError, Warning};
pub(super) use object::{Element, Identity, ObjectAt, elements};
pub(super) use stream::{Piece, each};
pub(super) use text::text;

/// The arguments that name manifests: paths, by themselves or behind `-f`.
#[derive(Debug, clap::Args)]
pub(super) struct Inputs {
    /// Files or directories of manifests, as with -f
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Manifests: a file, a directory of .yaml, .yml and .json files, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    filenames: Vec<PathBuf>,
}

impl Inputs {
    /// True if nothing is named.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.filenames.is_empty()
    }

    /// Returns what is named: first what stands behind `-f`, then the paths.
    pub(super) fn named(&self) -> impl Iterator<Item = &Path> {
        self.filenames
            .iter()
            .chain(&self.paths)
            .map(PathBuf::as_path)
    }

    /// Reads what is named.
    pub(super) fn read(&self) -> Vec<Manifest> {
        read(self.named())
    }
}
