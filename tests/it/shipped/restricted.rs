//! The manifests ask for no more than berth needs: of the node, of the API server, and of the network.

use serde_json::{Value, json};

use super::manifests::{of_kind, the};
use crate::model::scheduler::items;

/// The pod meets the Pod Security Standard `restricted`, as the cluster tests ask the API server, and goes beyond it.
#[test]
fn berths_pod_has_no_more_than_it_needs() {
    let deployment = the("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let context = &pod["securityContext"];
    assert_eq!(context["runAsNonRoot"], true);
    assert_eq!(context["seccompProfile"], json!({"type": "RuntimeDefault"}));
    for field in ["hostNetwork", "hostPID", "hostIPC", "initContainers"] {
        assert!(pod[field].is_null(), "{field}");
    }
    assert_eq!(items(&pod["containers"]).len(), 1);
    let container = &pod["containers"][0]["securityContext"];
    let expected = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
    });
    assert_eq!(*container, expected);
    let namespace = the("Namespace");
    let labels = &namespace["metadata"]["labels"];
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
}

/// Only a pod that follows the cluster has a token: no other pod gets one by naming the service account.
#[test]
fn a_token_is_mounted_where_it_is_needed_alone() {
    assert_eq!(the("ServiceAccount")["automountServiceAccountToken"], false);
    let deployment = the("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let follows = items(&pod["containers"][0]["args"]).contains(&json!("--cluster"));
    assert_eq!(pod["automountServiceAccountToken"], follows);
    for kind in ["Deployment", "DaemonSet", "Job"] {
        for example in of_kind("deploy/examples", kind) {
            let pod = &example["spec"]["template"]["spec"];
            assert_eq!(pod["automountServiceAccountToken"], false, "{example}");
        }
    }
}

/// No rule of a role is for everything of a kind, and none lets berth write what it does not own.
#[test]
fn roles_have_no_wildcards_and_write_by_name_alone() {
    let mut rules = 0;
    for directory in ["deploy/berth", "deploy/certificates"] {
        for kind in ["ClusterRole", "Role"] {
            for role in of_kind(directory, kind) {
                for rule in items(&role["rules"]) {
                    let text = rule.to_string();
                    assert!(!text.contains('*'), "{text}");
                    let reads = |verb: &Value| verb == "list" || verb == "watch";
                    let only_reads = items(&rule["verbs"]).iter().all(reads);
                    let is_by_name = !items(&rule["resourceNames"]).is_empty();
                    assert!(only_reads || is_by_name, "{text}");
                    rules += 1;
                }
            }
        }
    }
    assert!(rules >= 6, "{rules}");
}

/// The policy for the network is about berth's pods, and opens the ports that they have.
#[test]
fn the_network_policy_opens_the_ports_that_there_are() {
    let policy = of_kind("deploy/network-policy", "NetworkPolicy").remove(0);
    let spec = &policy["spec"];
    let deployment = the("Deployment");
    let pods = &deployment["spec"]["template"];
    assert_eq!(spec["podSelector"], deployment["spec"]["selector"]);
    assert_eq!(spec["policyTypes"], json!(["Ingress", "Egress"]));
    let names = |list: &Value, field: &str| -> Vec<Value> {
        let ports = items(list).iter();
        ports.map(|port| port[field].clone()).collect()
    };
    let opened: Vec<Value> = items(&spec["ingress"])
        .iter()
        .flat_map(|rule| names(&rule["ports"], "port"))
        .collect();
    assert_eq!(
        opened,
        names(&pods["spec"]["containers"][0]["ports"], "name")
    );
    // Metrics are not for everybody.
    assert!(!items(&spec["ingress"][1]["from"]).is_empty());
    assert_eq!(names(&spec["egress"][0]["ports"], "port"), [443, 6443]);
}
