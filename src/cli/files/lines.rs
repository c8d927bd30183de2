//! The lines of fields in manifests.

use super::manifest::Manifest;
use crate::encoding::field::FieldPath;
use crate::encoding::yaml::line_of;

/// The most bytes of manifests that are searched for the lines of fields, since each field takes a reading.
const SEARCHED_BYTES: usize = 16 * 1024 * 1024;

/// A search for the lines of fields, within bounds.
#[derive(Debug)]
pub(in crate::cli) struct LineSearch {
    /// The bytes that may still be searched.
    left: usize,
}

impl LineSearch {
    pub(in crate::cli) fn new() -> Self {
        Self {
            left: SEARCHED_BYTES,
        }
    }

    /// Returns the line of a file on which a field of a manifest stands. `None` if it is not found, or the search has come
    /// to its bounds.
    pub(in crate::cli) fn line(&mut self, manifest: &Manifest, path: &FieldPath) -> Option<usize> {
        let text = manifest.text();
        if manifest.content.is_err() {
            return None;
        }
        self.left = self.left.checked_sub(text.len())?;
        Some(manifest.start + line_of(text, path)? - 1)
    }
}
