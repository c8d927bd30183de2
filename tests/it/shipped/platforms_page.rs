//! The kustomizations that the page on all platforms prints give what it says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::kustomize::rendered_of;
use crate::harness::repository;
use crate::model::scheduler::items;

const PAGE: &str = "deploy/platforms/README.md";

/// A platform, and the place of the capacity types among the requirements of its node pools.
const PLATFORMS: [(&str, &str); 2] = [("karpenter", "2"), ("eks-auto-mode", "1")];

/// Returns the block of the page that begins with this line.
fn block(first: &str) -> String {
    let page = repository::text_of(PAGE);
    let mut blocks = page.split("```yaml\n").skip(1);
    let block = blocks.find(|block| block.starts_with(&format!("{first}\n")));
    let block = block.unwrap_or_else(|| panic!("{PAGE} has no block {first}"));
    block.split("```").next().unwrap().to_owned()
}

/// Returns the specs of the objects of a platform, with these lines of a kustomization beside it, by name.
fn specs(platform: &str, lines: &str) -> BTreeMap<String, Value> {
    let text = format!("resources:\n- berth/deploy/platforms/{platform}\n{lines}");
    let objects = repository::values_of(&rendered_of(&text)).into_iter();
    let objects = objects.filter(|object| object["kind"] != "ConfigMap");
    let named = objects.map(|mut object| {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        (name, object["spec"].take())
    });
    named.collect()
}

fn capacity_types(spec: &Value) -> &Value {
    let requirements = items(&spec["template"]["spec"]["requirements"]);
    let mut requirements = requirements.iter();
    let found = requirements.find(|one| one["key"] == "karpenter.sh/capacity-type");
    &found.unwrap()["values"]
}

#[test]
fn truemark_takes_the_selected_reservations_first() {
    for (platform, place) in PLATFORMS {
        let lines = block("# Reserved capacity")
            .replace("/requirements/2/", &format!("/requirements/{place}/"));
        let (before, after) = (specs(platform, ""), specs(platform, &lines));
        assert!(before.keys().eq(after.keys()));
        for (name, spec) in after {
            if name.starts_with("truemark-") {
                assert_eq!(*capacity_types(&spec), json!(["reserved", "on-demand"]));
            } else if name == "berth" {
                let terms = json!([{"tags": {"pool": "truemark"}}]);
                assert_eq!(spec["capacityReservationSelectorTerms"], terms);
            } else {
                assert_eq!(spec, before[&name], "{platform}: {name}");
            }
        }
    }
}

#[test]
fn all_but_batch_can_be_balanced() {
    for (platform, _) in PLATFORMS {
        let after = specs(platform, &block("# Balanced"));
        for (name, spec) in after.iter().filter(|(name, _)| *name != "berth") {
            let expected = if name.ends_with("-batch") {
                "WhenEmpty"
            } else {
                "Balanced"
            };
            let policy = &spec["disruption"]["consolidationPolicy"];
            assert_eq!(*policy, expected, "{platform}: {name}");
        }
    }
}

#[test]
fn the_node_pool_for_critical_add_ons_is_one_component_away() {
    for (platform, _) in PLATFORMS {
        let lines =
            block("components:").replace("/critical/karpenter", &format!("/critical/{platform}"));
        let (before, after) = (specs(platform, ""), specs(platform, &lines));
        assert_eq!(after.len(), before.len() + 1);
        assert_eq!(after["critical"]["weight"], 100);
        let others = before.values().filter_map(|spec| spec["weight"].as_u64());
        assert!(others.max().unwrap() < 100, "{platform}");
    }
}
