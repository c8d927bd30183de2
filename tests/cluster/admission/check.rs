//! `berth check --cluster` against a real API server: installations that are whole, broken, or hidden from it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::harness::cluster::{Cluster, Printed};
use crate::harness::registration::unregister;
use crate::harness::scene::Scene;
use crate::harness::{account, repository};

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// An installation that is whole has no errors, a broken one has, and the command at the end mends it.
pub(crate) async fn check(cluster: &Cluster) -> anyhow::Result<()> {
    let scene = Scene::following(cluster).await?;
    let admin = cluster.kubeconfig();
    let (code, report) = checked(&admin)?;
    ensure!(code == 0 && report["webhooks"] == 5, "{code}: {report:#}");
    ensure!(found(&report, "Deployment").is_some(), "{report:#}");

    // berth itself may not see configurations: with its rights the command says so.
    let (code, report) = checked(&account::kubeconfig(cluster).await?)?;
    ensure!(code == 0 && report["webhooks"] == 0, "{code}: {report:#}");
    let unseen = found(&report, "mutatingwebhookconfigurations").unwrap_or_default();
    ensure!(
        unseen["message"].to_string().contains("may not be listed"),
        "{report:#}"
    );
    drop(scene);
    unregister(&cluster.api).await?;

    // No berth runs here, so that no bundle is filled in and no replica is ready.
    for (overlay, expected) in [("deploy", 0), ("deploy/overlays/boundary", 2)] {
        let printed =
            cluster.kubectl(&["apply", "-k", &repository(overlay).display().to_string()])?;
        ensure!(printed.success, "{printed:?}");
        let (code, report) = checked(&admin)?;
        ensure!(code == expected, "{overlay}: {code}: {report:#}");
        for object in [
            "Deployment berth-system/berth",
            "MutatingWebhookConfiguration zz-berth",
        ] {
            ensure!(found(&report, object).is_some(), "{object}: {report:#}");
        }
    }

    // All that was kept out of the mutating side comes in, but for the protected namespaces.
    let broken =
        json!([{"op": "remove", "path": "/webhooks/0/namespaceSelector/matchExpressions"}]);
    patch(cluster, &broken)?;
    let printed = check_text(&admin)?;
    let part = "webhooks[0].namespaceSelector: could match berth-system, castai";
    ensure!(printed.stdout.contains(part), "{printed:?}");

    let command = printed.stdout.lines().last().unwrap_or_default().trim();
    let words: Vec<&str> = command.split(' ').collect();
    ensure!(words.first() == Some(&"kubectl"), "{printed:?}");
    let deleted = cluster.kubectl(&words[1..])?;
    ensure!(deleted.success, "{deleted:?}");
    for collection in [
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
    ] {
        let path = format!("{CONFIGURATIONS}/{collection}/zz-berth");
        ensure!(cluster.api.get(&path).await?.is_none(), "{path}");
    }
    let (code, report) = checked(&admin)?;
    ensure!(code == 0, "{report:#}");
    let none = found(&report, "MutatingWebhookConfiguration").unwrap_or_default();
    ensure!(
        none["message"].to_string().contains("none is berth's"),
        "{report:#}"
    );

    let deploy = repository("deploy").display().to_string();
    let printed = cluster.kubectl(&["delete", "-k", &deploy, "--ignore-not-found"])?;
    ensure!(printed.success, "{printed:?}");
    unreachable(cluster)
}

/// An API server that does not answer is a failure, not a finding.
fn unreachable(cluster: &Cluster) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(cluster.kubeconfig())?;
    let mut kubeconfig: Value = serde_json::from_str(&text)?;
    kubeconfig["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:1");
    let file = cluster.write("unreachable-kubeconfig", &kubeconfig.to_string())?;
    let output = berth_check(Path::new(&file), "text")?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(1), "{said}");
    ensure!(said.contains("--cluster: "), "{said}");
    Ok(())
}

fn patch(cluster: &Cluster, operations: &Value) -> anyhow::Result<()> {
    let kind = "mutatingwebhookconfiguration";
    let patch = operations.to_string();
    let printed = cluster.kubectl(&[
        "patch", kind, "zz-berth", "--type", "json", "--patch", &patch,
    ])?;
    ensure!(printed.success, "{printed:?}");
    Ok(())
}

/// Runs the command, and returns its exit code and its report.
fn checked(kubeconfig: &Path) -> anyhow::Result<(i32, Value)> {
    let output = berth_check(kubeconfig, "json")?;
    let code = output.status.code().context("ended by a signal")?;
    let report = serde_json::from_slice(&output.stdout).with_context(|| format!("{output:?}"))?;
    Ok((code, report))
}

fn check_text(kubeconfig: &Path) -> anyhow::Result<Printed> {
    let output = berth_check(kubeconfig, "text")?;
    Ok(Printed {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}

fn berth_check(kubeconfig: &Path, form: &str) -> anyhow::Result<std::process::Output> {
    Command::new(env!("CARGO_BIN_EXE_berth"))
        .args(["check", "--cluster", "--output", form, "--kubeconfig"])
        .arg(kubeconfig)
        .output()
        .context("berth")
}

/// Returns the finding about an object.
fn found(report: &Value, object: &str) -> Option<Value> {
    let findings = report["findings"].as_array()?.iter();
    let mut of_object = findings.filter(|finding| finding["object"] == object);
    of_object.next().cloned()
}
