//! The parts of a release have one version, and the image is what the Deployment expects.

use serde_json::Value;

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
