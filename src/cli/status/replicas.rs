//! The replicas of berth: how many are ready, and of which version.

use std::collections::BTreeSet;

use serde_json::Value;

use super::contents::Contents;
use super::refusal::unread;
use super::report::{Line, Mark, Section};

pub(super) fn section(contents: &Contents) -> Section {
    let lines = match &contents.deployments {
        Ok(deployments) if deployments.is_empty() => vec![none(contents)],
        Ok(deployments) => deployments.iter().map(|one| line(one, contents)).collect(),
        Err(refusal) => vec![unread("deployments in berth's namespace", refusal)],
    };
    Section {
        name: "replicas",
        lines,
    }
}

fn none(contents: &Contents) -> Line {
    let own: Vec<&str> = contents.own.iter().map(String::as_str).collect();
    let text = format!(
        "there is no Deployment labelled app.kubernetes.io/name=berth in namespace {}: nobody answers",
        own.join(", ")
    );
    Line::new(Mark::Wrong, text).with_remedy(super::install::COMMAND)
}

fn line(deployment: &Value, contents: &Contents) -> Line {
    let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64);
    let text = |pointer: &str| {
        deployment
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let wanted = number("/spec/replicas").unwrap_or(1);
    let ready = number("/status/readyReplicas").unwrap_or_default();
    let updated = number("/status/updatedReplicas").unwrap_or_default();
    let seen = number("/status/observedGeneration").unwrap_or_default();
    let is_new = seen >= number("/metadata/generation").unwrap_or_default();
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let mut said = format!("{ready} of {wanted} ready in {namespace}");
    let versions = versions(deployment, contents);
    if !versions.is_empty() {
        said = format!("{said}, version {}", versions.join(" and "));
    }
    let logs = format!("kubectl --namespace {namespace} logs deployment/{name}");
    if ready < wanted || ready == 0 {
        let mark = if ready == 0 {
            Mark::Wrong
        } else {
            Mark::Warning
        };
        let effect = if ready == 0 { ": nobody answers" } else { "" };
        Line::new(mark, said + effect).with_remedy(logs)
    } else if !is_new || updated < wanted {
        let text = format!("{said}; {updated} of {wanted} rolled out");
        let command = format!("kubectl --namespace {namespace} rollout status deployment/{name}");
        Line::new(Mark::Warning, text).with_remedy(command)
    } else {
        Line::new(Mark::Fine, said)
    }
}

/// Returns the versions of berth's images, those of the pods that there are included.
fn versions(deployment: &Value, contents: &Contents) -> Vec<String> {
    let specs = contents.pods.iter().flatten().map(|pod| &pod["spec"]);
    let specs = specs.chain(deployment.pointer("/spec/template/spec"));
    let images = specs.filter_map(|spec| spec["containers"][0]["image"].as_str());
    let versions: BTreeSet<String> = images.filter_map(version).collect();
    versions.into_iter().collect()
}

/// Returns the tag of an image. The port of a registry is no tag.
fn version(image: &str) -> Option<String> {
    let image = image.split('@').next()?;
    let name = image.rsplit('/').next()?;
    name.split_once(':').map(|(_, tag)| tag.to_owned())
}
