//! Kustomizations, rendered as an operator does.

use std::path::Path;
use std::process::Command;

use super::repository;

/// Renders a kustomization of the repository.
pub(crate) fn rendered(directory: impl AsRef<Path>) -> String {
    let directory = repository::path_of(directory);
    let output = Command::new("kubectl")
        .arg("kustomize")
        .arg(&directory)
        .output()
        .unwrap_or_else(|error| panic!("kubectl, which renders what deploy/ ships: {error}"));
    let shown = directory.display();
    assert!(output.status.success(), "{shown}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Renders an operator's own kustomization. In it, `berth` is this repository.
pub(crate) fn rendered_of(kustomization: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::os::unix::fs::symlink(repository::path_of(""), at("berth")).unwrap();
    std::fs::write(at("kustomization.yaml"), kustomization).unwrap();
    rendered(directory.path())
}
