//! The requirements of a node pool, read: the values that each label of its nodes can have.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use smol_str::{SmolStr, format_smolstr};

use super::instances::Instances;
use crate::encoding::field::FieldError;
use crate::instance::Property;
use crate::label::{
    ARCH, CAPACITY_TYPE, INSTANCE_TYPE, Platform, RequirementFile, ValueSet, ZONE, canonical,
};

/// The most values that `minValues` may demand.
const MOST_VALUES: usize = 50;

/// Keys that many node pools have and that are too long to be kept in place. The node pools share them.
static SHARED_KEYS: LazyLock<HashSet<SmolStr, FixedState>> = LazyLock::new(|| {
    let domains = [Platform::Karpenter, Platform::AutoMode]
        .into_iter()
        .filter_map(Platform::domain);
    let own = domains.flat_map(|domain| {
        let properties = Property::ALL.iter();
        properties.map(move |property| format_smolstr!("{domain}/instance-{property}"))
    });
    own.chain([CAPACITY_TYPE, INSTANCE_TYPE, ZONE].map(SmolStr::new_static))
        .collect()
});

/// Combines the labels and the requirements of a node pool to one set of values for each label. The set of `node_label`
/// holds only `name`.
pub(super) fn value_sets(
    node_label: &SmolStr,
    name: &str,
    labels: BTreeMap<SmolStr, SmolStr>,
    requirements: Vec<RequirementFile>,
) -> Result<BTreeMap<SmolStr, ValueSet>, FieldError> {
    let mut sets = BTreeMap::from([(node_label.clone(), ValueSet::of(name))]);
    let mut narrow = |key: SmolStr, set: ValueSet| {
        let canonical = canonical(&key);
        let key = match SHARED_KEYS.get(canonical) {
            Some(shared) => shared.clone(),
            None if canonical == key => key,
            None => SmolStr::new(canonical),
        };
        match sets.entry(key) {
            Entry::Vacant(unknown) => {
                unknown.insert(set);
            }
            Entry::Occupied(mut known) => *known.get_mut() = known.get().intersection(&set),
        }
    };
    for (key, value) in labels {
        narrow(key, ValueSet::of(value));
    }
    for (index, requirement) in requirements.into_iter().enumerate() {
        let RequirementFile {
            key,
            operator,
            values,
            min_values: _,
        } = requirement;
        let set = ValueSet::new(operator, values).map_err(|error| {
            let error = FieldError::new(format!("{key}: {}", error.message));
            error.in_item(index).in_field("requirements")
        })?;
        narrow(key, set);
    }
    Ok(sets)
}

/// Returns the numbers of different values that the requirements demand of the instance types for one pod, by canonical
/// key.
pub(super) fn least_values(
    requirements: &[RequirementFile],
) -> Result<Vec<(SmolStr, usize)>, FieldError> {
    let mut least = Vec::new();
    for (index, requirement) in requirements.iter().enumerate() {
        let Some(number) = requirement.min_values else {
            continue;
        };
        let number = usize::try_from(number).ok();
        let number = number.filter(|number| (1..=MOST_VALUES).contains(number));
        let number = number.ok_or_else(|| {
            let error = FieldError::new(format!("is none of 1 to {MOST_VALUES}"));
            let error = error.in_field("minValues").in_item(index);
            error.in_field("requirements")
        })?;
        least.push((SmolStr::new(canonical(&requirement.key)), number));
    }
    Ok(least)
}

/// Narrows the architectures that a node pool offers to those of its instance types. A node pool that names a family of
/// Graviton alone offers arm64, even if it does not say so.
pub(super) fn keep_architectures(
    requirements: &mut BTreeMap<SmolStr, ValueSet>,
    instances: &Instances,
) {
    let made = instances.architectures().map(SmolStr::new_static);
    let offered = requirements
        .entry(SmolStr::new_static(ARCH))
        .or_insert_with(ValueSet::any);
    *offered = offered.intersection(&ValueSet::one_of(made));
}
