//! The Deployment that ships, with its Service, its budget and its namespace.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::manifests::the;
use crate::harness::program::run;
use crate::model::scheduler::items;

#[test]
fn berth_survives_the_loss_of_a_node() {
    let deployment = the("Deployment");
    let spec = &deployment["spec"];
    assert!(spec["replicas"].as_u64().unwrap() >= 2);
    let rolling = &spec["strategy"]["rollingUpdate"];
    assert_eq!(
        (&rolling["maxSurge"], &rolling["maxUnavailable"]),
        (&json!(1), &json!(0))
    );
    let budget = the("PodDisruptionBudget");
    assert_eq!(budget["spec"]["maxUnavailable"], 1);
    let labels = &spec["template"]["metadata"]["labels"];
    let selectors = [
        &spec["selector"]["matchLabels"],
        &budget["spec"]["selector"]["matchLabels"],
        &the("Service")["spec"]["selector"],
    ];
    for selector in selectors {
        let selector = selector.as_object().unwrap();
        assert!(!selector.is_empty() && selector.iter().all(|(key, value)| labels[key] == *value));
    }
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["priorityClassName"], "system-cluster-critical");
    let spread: BTreeSet<&str> = items(&pod["topologySpreadConstraints"])
        .iter()
        .filter_map(|constraint| constraint["topologyKey"].as_str())
        .collect();
    let wanted = BTreeSet::from(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]);
    assert_eq!(spread, wanted);
    for container in items(&pod["containers"]) {
        let resources = &container["resources"];
        assert_eq!(
            resources["requests"]["memory"],
            resources["limits"]["memory"]
        );
        assert!(resources["limits"]["cpu"].is_null());
    }
}

/// The usual security groups of EKS open these ports (R6.6). The probes ask for paths that the server has.
#[test]
fn ports_and_probes_are_those_of_the_server() {
    let deployment = the("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &items(&pod["containers"])[0];
    let ports: Vec<(&str, u64)> = items(&container["ports"])
        .iter()
        .map(|port| {
            let number = port["containerPort"].as_u64().unwrap();
            (port["name"].as_str().unwrap(), number)
        })
        .collect();
    assert_eq!(ports, [("webhook", 8443), ("ops", 8080)]);
    for (probe, path) in [("readinessProbe", "/readyz"), ("livenessProbe", "/livez")] {
        let get = &container[probe]["httpGet"];
        assert_eq!((&get["path"], &get["port"]), (&json!(path), &json!("ops")));
    }
    let service = the("Service");
    let port = &items(&service["spec"]["ports"])[0];
    assert_eq!(
        (&port["port"], &port["targetPort"]),
        (&json!(443), &json!("webhook"))
    );
    if pod["hostNetwork"] == true {
        assert_eq!(pod["dnsPolicy"], "ClusterFirstWithHostNet");
    }
    let drain = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(drain >= 25, "15 s of drain and 10 s to finish (R6.3)");
}

#[test]
fn every_flag_of_the_manifest_exists() {
    let help = run(&["serve", "--help"]);
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    let deployment = the("Deployment");
    let container = &items(&deployment["spec"]["template"]["spec"]["containers"])[0];
    let args: Vec<&str> = items(&container["args"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(args.first(), Some(&"serve"));
    for flag in &args[1..] {
        let name = flag.split_once('=').map_or(*flag, |(name, _)| name);
        let listed = help
            .split(|char: char| !(char.is_ascii_alphanumeric() || char == '-'))
            .any(|word| word == name);
        assert!(listed, "berth serve has no {name}");
    }
}

/// The server leaves its own namespace alone, and has to be told which that is.
#[test]
fn berth_knows_its_own_namespace() {
    let namespace = the("Namespace");
    assert!(namespace["metadata"]["labels"]["placement.truemark.io/injection"].is_null());
    let name = &namespace["metadata"]["name"];
    for kind in [
        "Deployment",
        "Service",
        "ServiceAccount",
        "PodDisruptionBudget",
    ] {
        assert_eq!(the(kind)["metadata"]["namespace"], *name, "{kind}");
    }
    for kind in [
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ] {
        for webhook in items(&the(kind)["webhooks"]) {
            let service = &webhook["clientConfig"]["service"];
            assert_eq!(service["namespace"], *name);
            assert_eq!(service["name"], the("Service")["metadata"]["name"]);
        }
    }
}
