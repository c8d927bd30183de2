//! What a release is made of has one version, and the image is what the Deployment expects.

use serde_json::Value;

use crate::reviews;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn the_changelog_begins_with_this_version() {
    let changelog = reviews::text_of("CHANGELOG.md");
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
    let mut files = reviews::files_below("deploy");
    files.push(reviews::repository("README.md"));
    let mut seen = Vec::new();
    for file in &files {
        let text = reviews::text_of(file);
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
    let deployment = reviews::repository("deploy/berth/deployment.yaml");
    assert!(seen.contains(&&deployment), "{seen:?}");
}

#[test]
fn every_chart_is_of_this_version() {
    let files = reviews::files_below("deploy/charts").into_iter();
    for file in files.filter(|file| file.ends_with("Chart.yaml")) {
        let chart = reviews::values_of(&reviews::text_of(&file)).remove(0);
        assert_eq!(chart["appVersion"], VERSION, "{}", file.display());
    }
}

#[test]
fn the_image_is_what_the_deployment_runs() {
    let image = reviews::text_of("Dockerfile");
    let holds = |line: &str| image.lines().any(|held| held == line);
    let rust = env!("CARGO_PKG_RUST_VERSION");
    let from = format!("FROM --platform=$BUILDPLATFORM rust:{rust}-");
    assert!(image.lines().any(|line| line.starts_with(&from)), "{from}");

    let objects = reviews::values_of(&reviews::text_of("deploy/berth/deployment.yaml"));
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
