//! The rights that ship: berth sees no workload, unless the one component or the one value of the chart lets it count pods.

use serde_json::{Value, json};

use crate::harness::kustomize::rendered;
use crate::harness::repository;
use crate::model::scheduler::items;

/// Returns the rules of all roles among objects.
fn rules(objects: &[Value]) -> Vec<Value> {
    let roles = objects.iter().filter(|object| {
        let kind = object["kind"].as_str().unwrap_or_default();
        ["ClusterRole", "Role"].contains(&kind)
    });
    roles
        .flat_map(|role| items(&role["rules"]).to_vec())
        .collect()
}

fn objects_of(kustomization: &str) -> Vec<Value> {
    repository::values_of(&rendered(kustomization))
}

/// Each rule of an installation names all that it allows, and none of it is a pod or what makes pods.
#[test]
fn no_installation_sees_workloads_by_itself() {
    let overlays = std::fs::read_dir(repository::path_of("deploy/overlays")).unwrap();
    let overlays = overlays.map(|entry| {
        let name = entry.unwrap().file_name();
        format!("deploy/overlays/{}", name.to_str().unwrap())
    });
    for kustomization in overlays.chain(["deploy".to_owned()]) {
        let rules = rules(&objects_of(&kustomization));
        assert!(!rules.is_empty(), "{kustomization}");
        let known = [
            "nodepools",
            "namespaces",
            "placementpolicies",
            "placementpolicies/status",
            "secrets",
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
        ];
        for resource in rules.iter().flat_map(|rule| items(&rule["resources"])) {
            let name = resource.as_str().unwrap();
            assert!(known.contains(&name), "{kustomization}: {name}");
        }
    }
}

#[test]
fn the_component_lets_berth_list_and_watch_pods_and_nothing_else() {
    let objects = objects_of("deploy/count-pods");
    assert_eq!(objects.len(), 2);
    let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]});
    assert_eq!(rules(&objects), [rule]);
    let binding = objects
        .iter()
        .find(|object| object["kind"] == "ClusterRoleBinding");
    let binding = binding.unwrap();
    let account = repository::value_of("deploy/berth/service-account.yaml");
    let subject = &binding["subjects"][0];
    assert_eq!(items(&binding["subjects"]).len(), 1);
    assert_eq!(subject["kind"], account["kind"]);
    assert_eq!(subject["name"], account["metadata"]["name"]);
    assert_eq!(subject["namespace"], account["metadata"]["namespace"]);
}

/// The template has the same two roles, the second only if the value says so. Nothing of it but labels and the namespace has
/// to be rendered.
#[test]
fn the_chart_has_the_roles_of_the_kustomizations() {
    let template = repository::text_of("deploy/charts/berth/templates/cluster-role.yaml");
    let rendered = template
        .replace(
            r#"{{- include "berth.labels" . | nindent 4 }}"#,
            "app.kubernetes.io/name: berth",
        )
        .replace("{{ .Release.Namespace | quote }}", "berth-system")
        .replace("{{- end }}", "");
    let (always, counting) = rendered
        .split_once("{{- if .Values.countPods }}")
        .expect("the condition");
    for (part, file) in [
        (always, "deploy/berth/cluster-role.yaml"),
        (counting, "deploy/count-pods/cluster-role.yaml"),
    ] {
        assert!(!part.contains("{{"), "{part}");
        let shipped = repository::values_of(&repository::text_of(file));
        assert_eq!(repository::values_of(part), shipped, "{file}");
    }
    let values = repository::value_of("deploy/charts/berth/values.yaml");
    assert_eq!(values["countPods"], json!(false));
}
