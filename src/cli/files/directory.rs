//! Directories of manifests.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A directory that cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub(in crate::cli) struct Unlisted {
    path: PathBuf,
    error: io::Error,
}

/// Returns the file itself, or the YAML and JSON files below a directory, sorted by their paths.
///
/// # Errors
/// Returns the first directory that cannot be listed.
pub(in crate::cli) fn manifest_files(path: &Path) -> Result<Vec<PathBuf>, Unlisted> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        if let Err(error) = list(&directory, &mut directories, &mut files) {
            let path = directory;
            return Err(Unlisted { path, error });
        }
    }
    files.sort();
    Ok(files)
}

fn list(
    directory: &Path,
    directories: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        // A link to a directory is not followed: it could lead back up. A mounted ConfigMap's files are links.
        if entry.file_type()?.is_dir() {
            directories.push(path);
        } else if is_manifest(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let known = ["yaml", "yml", "json"];
    path.extension()
        .is_some_and(|end| known.iter().any(|known| end == *known))
}
