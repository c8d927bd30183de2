//! The parts of a release have one version, and the image is what the Deployment expects.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::repository;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn the_changelog_begins_with_this_version() {
    let changelog = repository::text_of("CHANGELOG.md");
    let newest = changelog
        .lines()
        .find_map(|line| line.strip_prefix("## ["))
        .unwrap();
    let (version, when) = newest.split_once("] - ").unwrap();
    assert_eq!(version, VERSION);
    let is_date = regex::Regex::new(r"^\d{4}-\d{2}-\d{2}$").unwrap();
    assert!(when == "unreleased" || is_date.is_match(when), "{when}");
}

#[test]
fn every_image_has_this_version() {
    let mut files = repository::files_below("deploy");
    files.extend(["README.md", "docs/testing.md"].map(repository::path_of));
    let mut seen = Vec::new();
    for file in &files {
        let text = repository::text_of(file);
        for rest in text.split("ghcr.io/truemark/berth:").skip(1) {
            // A chart's template takes its `appVersion`.
            if rest.starts_with("{{") {
                continue;
            }
            let end =
                rest.find(|char: char| !(char.is_ascii_alphanumeric() || ".-_".contains(char)));
            let tag = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            assert_eq!(tag, VERSION, "{}", file.display());
            seen.push(file);
        }
    }
    let deployment = repository::path_of("deploy/berth/deployment.yaml");
    assert!(seen.contains(&&deployment), "{seen:?}");
}

#[test]
fn every_chart_is_of_this_version() {
    let files = repository::files_below("deploy/charts").into_iter();
    for file in files.filter(|file| file.ends_with("Chart.yaml")) {
        let chart = repository::value_of(&file);
        assert_eq!(chart["appVersion"], VERSION, "{}", file.display());
    }
}

#[test]
fn the_image_is_what_the_deployment_runs() {
    let image = repository::text_of("Dockerfile");
    let holds = |line: &str| image.lines().any(|held| held == line);
    let rust = env!("CARGO_PKG_RUST_VERSION");
    let from = format!("FROM --platform=$BUILDPLATFORM rust:{rust}-");
    assert!(image.lines().any(|line| line.starts_with(&from)), "{from}");

    let objects = repository::values_of(&repository::text_of("deploy/berth/deployment.yaml"));
    let pod = &objects[0]["spec"]["template"]["spec"];
    let context = &pod["securityContext"];
    let user = format!("USER {}:{}", context["runAsUser"], context["runAsGroup"]);
    assert!(holds(&user), "{user}");
    let container = &pod["containers"][0];
    assert_eq!(container["command"], Value::Null);
    let ports = container["ports"].as_array().unwrap();
    let ports: Vec<String> = ports
        .iter()
        .map(|port| port["containerPort"].to_string())
        .collect();
    let expose = format!("EXPOSE {}", ports.join(" "));
    assert!(holds(&expose), "{expose}");
}

/// The architectures of a release.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// Packs the archives of a release. The program under test writes the completions and the man pages.
fn pack(out: &Path) {
    let berth = env!("CARGO_BIN_EXE_berth");
    for architecture in ARCHITECTURES {
        let status = Command::new(repository::path_of(".ci/archive"))
            .args([berth, "/bin/true", architecture])
            .arg(out)
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .status();
        assert!(status.unwrap().success());
    }
}

/// Returns what a program prints.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn sums(out: &Path) -> Vec<String> {
    let files = ARCHITECTURES.map(|name| out.join(format!("berth-{VERSION}-linux-{name}.tar.gz")));
    let said = said(Command::new("sha256sum").args(files));
    let sums = said.lines().map(|line| line.split(' ').next().unwrap());
    sums.map(str::to_owned).collect()
}

#[test]
fn an_archive_has_completions_and_man_pages_and_is_the_same_each_time() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    pack(one.path());
    pack(other.path());
    assert_eq!(sums(one.path()), sums(other.path()));
    let root = format!("berth-{VERSION}-linux-arm64");
    let archive = one.path().join(format!("{root}.tar.gz"));
    let listed = said(Command::new("tar").arg("tzf").arg(archive));
    for file in [
        "berth",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "completions/berth.bash",
        "completions/berth.fish",
        "completions/berth.zsh",
        "man/man1/berth.1",
        "man/man1/berth-lint.1",
    ] {
        let path = format!("{root}/{file}");
        assert!(listed.lines().any(|line| line == path), "{path}");
    }
}

/// The bill of materials is the same each time. It has the crates of the archive, each as Cargo.lock has it.
#[test]
fn a_bill_of_materials_has_what_is_linked() {
    let bill = || {
        let mut command = Command::new(repository::path_of(".ci/sbom"));
        said(command.arg("amd64").env("SOURCE_DATE_EPOCH", "1700000000"))
    };
    let text = bill();
    assert_eq!(text, bill());
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "a path");
    let bill: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let metadata = &bill["metadata"];
    assert_eq!(metadata["timestamp"], "2023-11-14T22:13:20Z");
    assert_eq!(metadata["component"]["version"], VERSION);
    let components = bill["components"].as_array().unwrap();
    let scope = |name: &str| {
        let mut of_name = components.iter().filter(|one| one["name"] == name);
        of_name.next().map(|one| one["scope"].as_str().unwrap())
    };
    assert_eq!(scope("rustls"), Some("required"));
    assert_eq!(scope("serde_derive"), Some("excluded"));
    assert_eq!(scope("proptest"), None);
    let lock = repository::text_of("Cargo.lock");
    for component in components {
        let sum = component["hashes"][0]["content"].as_str().unwrap();
        assert!(lock.contains(sum), "{component}");
    }
    // Every reference is that of a component.
    let own = &metadata["component"]["bom-ref"];
    let is_known = |reference: &Value| {
        reference == own || components.iter().any(|one| one["bom-ref"] == *reference)
    };
    for dependency in bill["dependencies"].as_array().unwrap() {
        let on = dependency["dependsOn"].as_array().unwrap();
        assert!(is_known(&dependency["ref"]) && on.iter().all(is_known));
    }
}

/// The statement of how a release was made names each of its files with its sum.
#[test]
fn the_provenance_names_every_file() {
    let directory = tempfile::tempdir().unwrap();
    let sums = format!(
        "{}  berth-one\n{}  berth-other\n",
        "a".repeat(64),
        "b".repeat(64)
    );
    std::fs::write(directory.path().join("SHA256SUMS"), sums).unwrap();
    let mut command = Command::new(repository::path_of(".ci/provenance"));
    let command = command.arg(directory.path());
    let said = said(command.env("SOURCE_DATE_EPOCH", "1700000000"));
    let statement: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let expected = json!([
        {"name": "berth-one", "digest": {"sha256": "a".repeat(64)}},
        {"name": "berth-other", "digest": {"sha256": "b".repeat(64)}},
    ]);
    assert_eq!(statement["subject"], expected);
    let definition = &statement["predicate"]["buildDefinition"];
    let commit = definition["externalParameters"]["commit"].as_str().unwrap();
    assert_eq!(commit.len(), 40);
    let rustc = &definition["internalParameters"]["tools"]["rustc"];
    assert!(rustc.as_str().unwrap().starts_with("rustc "), "{rustc}");
    assert!(!said.contains(env!("CARGO_MANIFEST_DIR")), "a path");
}

/// krew downloads an archive by its address and sum, and takes the files out that the manifest names.
#[test]
fn the_manifest_of_krew_is_that_of_the_archives() {
    let directory = tempfile::tempdir().unwrap();
    pack(directory.path());
    let manifest = said(
        Command::new(repository::path_of(".ci/krew"))
            .arg(directory.path())
            .env("RELEASES", "https://example.com/releases"),
    );
    let manifest = repository::values_of(&manifest).remove(0);
    assert_eq!(
        manifest["apiVersion"],
        "krew.googlecontainertools.github.com/v1alpha2"
    );
    assert_eq!(manifest["kind"], "Plugin");
    assert_eq!(manifest["metadata"]["name"], "berth");
    let spec = &manifest["spec"];
    assert_eq!(spec["version"], format!("v{VERSION}"));
    assert!(spec["shortDescription"].as_str().unwrap().len() <= 50);
    let sums = sums(directory.path());
    for (index, architecture) in ARCHITECTURES.iter().enumerate() {
        let root = format!("berth-{VERSION}-linux-{architecture}");
        let expected = json!({
            "selector": {"matchLabels": {"os": "linux", "arch": architecture}},
            "uri": format!("https://example.com/releases/v{VERSION}/{root}.tar.gz"),
            "sha256": sums[index],
            "files": [
                {"from": format!("{root}/berth"), "to": "."},
                {"from": format!("{root}/LICENSE"), "to": "."},
            ],
            "bin": "berth",
        });
        assert_eq!(spec["platforms"][index], expected);
    }
}
