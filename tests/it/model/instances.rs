//! EC2's instance types once more: each line of the table as the labels that its nodes have, by the rules of Karpenter's
//! AWS provider. One type has to meet everything.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use serde_json::Value;

use super::names::{ARCH, CAPACITY_TYPE, INSTANCE_TYPE};
use super::scheduler::{Labels, requirement_matches};
use super::selectors::{allow, key_of, on, one_of};
use crate::harness::repository::text_of;

const OWN: &str = "karpenter.k8s.aws/instance-";

/// An instance type: its labels, true if it is offered on spot, and the number of NVIDIA's GPUs that pods can request.
struct InstanceType {
    labels: Labels,
    spot: bool,
    gpus: u64,
}

static TYPES: LazyLock<Vec<InstanceType>> = LazyLock::new(|| {
    let text = text_of("src/instance/types.tsv");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| {
            let cells = columns.iter().copied().zip(line.split('\t'));
            instance_type(&cells.collect())
        })
        .collect()
});

fn instance_type(cells: &BTreeMap<&str, &str>) -> InstanceType {
    let name = cells["name"];
    let (family, size) = name.split_once('.').unwrap();
    let digit = family.find(|char: char| char.is_ascii_digit()).unwrap();
    let (category, rest) = family.split_at(digit);
    // `u-6tb1`: the number after the memory is the generation.
    let (category, rest) = category
        .strip_suffix('-')
        .map_or((category, rest), |category| {
            (category, rest.split_once("tb").unwrap().1)
        });
    let end = rest.find(|char: char| !char.is_ascii_digit());
    let mut labels = Labels::from([
        (INSTANCE_TYPE.to_owned(), name.to_owned()),
        (ARCH.to_owned(), cells["architecture"].to_owned()),
    ]);
    let generation = &rest[..end.unwrap_or(rest.len())];
    for (label, value) in [
        ("category", category),
        ("family", family),
        ("generation", generation),
        ("size", size),
        ("cpu", cells["vcpus"]),
        ("memory", cells["memory_mib"]),
        // Bare metal has the label without a value.
        ("hypervisor", cells["hypervisor"].trim_matches('-')),
    ] {
        labels.insert(format!("{OWN}{label}"), value.to_owned());
    }
    InstanceType {
        labels,
        spot: cells["spot"] == "true",
        gpus: match cells["gpu_manufacturer"] {
            "nvidia" => cells["gpu_count"].parse().unwrap(),
            _ => 0,
        },
    }
}

/// True if the label is one of an instance type, apart from the architecture.
fn is_of_instance(requirement: &Value) -> bool {
    let key = key_of(requirement);
    key == INSTANCE_TYPE || key.starts_with(OWN)
}

/// True if the requirements ask for more of the instance type than its architecture.
pub(crate) fn name_instances(requirements: &[Value]) -> bool {
    requirements.iter().any(is_of_instance)
}

fn meets(kind: &InstanceType, requirements: &[Value]) -> bool {
    let of_type = |requirement: &&Value| is_of_instance(requirement) || key_of(requirement) == ARCH;
    let mut asked = requirements.iter().filter(of_type);
    let mut capacity = ["spot", "on-demand", "reserved"].into_iter();
    asked.all(|requirement| {
        let value = kind.labels.get(key_of(requirement)).map(String::as_str);
        requirement_matches(requirement, value)
    }) && capacity
        .any(|name| (kind.spot || name != "spot") && allow(requirements, CAPACITY_TYPE, Some(name)))
}

/// True if one instance type of the architecture meets all of the requirements.
pub(crate) fn some_type_meets(requirements: &[Value], architecture: &str) -> bool {
    let architecture = one_of(ARCH, [&Value::from(architecture)]);
    let all = [requirements, &[architecture]].concat();
    TYPES.iter().any(|kind| meets(kind, &all))
}

/// True if an instance type that meets the requirements has so many of NVIDIA's GPUs.
pub(crate) fn has_gpus(requirements: &[Value], number: u64) -> bool {
    let mut types = TYPES.iter();
    types.any(|kind| kind.gpus >= number && meets(kind, requirements))
}

/// Returns the architectures of the instance types that meet the requirements.
pub(crate) fn architectures(requirements: &[Value]) -> Vec<&'static str> {
    static KNOWN: Mutex<BTreeMap<String, Vec<&str>>> = Mutex::new(BTreeMap::new());
    let decisive = requirements.iter().filter(|requirement| {
        is_of_instance(requirement) || matches!(key_of(requirement), ARCH | CAPACITY_TYPE)
    });
    let decisive: Vec<Value> = decisive.cloned().collect();
    let mut known = KNOWN.lock().unwrap();
    let found = known.entry(Value::from(decisive).to_string());
    found
        .or_insert_with(|| {
            let all = ["amd64", "arm64"].into_iter();
            all.filter(|name| some_type_meets(requirements, name))
                .collect()
        })
        .clone()
}

/// Returns the architecture that the requirements give away by the instance type alone. Karpenter's nodes have more
/// labels that do than others.
pub(crate) fn implied(requirements: &[Value], by_karpenter: bool) -> Option<&'static str> {
    // The price has no part in it.
    let counts = |requirement: &&Value| {
        key_of(requirement) == INSTANCE_TYPE || (by_karpenter && is_of_instance(requirement))
    };
    let of_types: Vec<Value> = requirements.iter().filter(counts).cloned().collect();
    if on(requirements, ARCH).next().is_some() || of_types.is_empty() {
        return None;
    }
    match architectures(&of_types)[..] {
        [only] => Some(only),
        _ => None,
    }
}
