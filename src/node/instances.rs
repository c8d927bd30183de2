//! The instance types of EC2 that a node pool can make for a pod.
//!
//! A node pool fits a pod if one instance type meets all requirements of both together. It is not enough that some type
//! meets each.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::instance::{Property, Table, TypeName, TypeSet};
use crate::label::{Asked, CAPACITY_TYPE, LASTING, Platform, ValueSet};

/// The most names beyond the table that berth keeps of one node pool.
const UNLISTED: usize = 64;

/// The instance types that meet a node pool's requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instances {
    platform: Platform,
    /// Those of the table.
    listed: TypeSet,
    /// The names in the requirements that the table does not have, each of a type or of a family.
    unlisted: Vec<SmolStr>,
    /// The numbers of different values that the types for one pod must have (`minValues`).
    least: Vec<(Property, usize)>,
}

/// The instance types of a node pool that meet all that a pod asks of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidates {
    /// These of the table. The set may be empty.
    Listed(TypeSet),
    /// Some of which the table knows nothing: the type is newer than the table, or the platform's nodes are not EC2's.
    Unlisted,
}

impl Candidates {
    /// True if there is no such type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Listed(types) => types.is_empty(),
            Self::Unlisted => false,
        }
    }
}

/// A pod's requirements on the labels of one node, by canonical key.
pub type Demands<'a> = [(&'a str, Asked<'a>)];

impl Instances {
    /// Returns the instance types that meet the requirements. `None` if the platform's nodes are not EC2's.
    pub(super) fn new<'r>(
        platform: Platform,
        requirements: &BTreeMap<SmolStr, ValueSet>,
        least: impl Iterator<Item = (&'r str, usize)>,
    ) -> Option<Self> {
        match platform {
            Platform::Karpenter | Platform::AutoMode => {}
            Platform::OtherKarpenter | Platform::Listed => return None,
        }
        let table = Table::get();
        let mut listed = table.all();
        if platform == Platform::AutoMode {
            // Auto Mode makes no node of so small a type.
            listed &= &table.having(Property::Cpu, |vcpus| vcpus != Some("1"));
            listed &= &table.having(Property::Size, |size| {
                !matches!(size, Some("nano" | "micro" | "small"))
            });
        }
        let mut unlisted: Vec<SmolStr> = Vec::new();
        for (key, set) in requirements {
            let Some(property) = platform.property(key) else {
                continue;
            };
            let Some(values) = set.values().filter(|values| values.len() > 0) else {
                listed &= &table.having(property, |value| set.admits(value));
                continue;
            };
            let mut meeting = TypeSet::EMPTY;
            for value in values {
                table.add(property, value, &mut meeting);
                if is_unlisted(property, value) {
                    unlisted.push(value.into());
                }
            }
            listed &= &meeting;
        }
        unlisted.truncate(UNLISTED);
        unlisted.retain(|name| name_meets(name, platform, requirements, None, &[]));
        let offered = requirements.get(CAPACITY_TYPE);
        if let Some(offered) = offered
            && !LASTING.iter().any(|lasting| offered.contains(lasting))
        {
            listed &= table.spot();
        }
        let least = least.filter_map(|(key, number)| Some((platform.property(key)?, number)));
        Some(Self {
            platform,
            listed,
            unlisted,
            least: least.collect(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.unlisted.is_empty()
    }

    /// Returns the types of the table; `None` if there are others.
    pub(super) fn listed(&self) -> Option<TypeSet> {
        self.unlisted.is_empty().then_some(self.listed)
    }

    /// True if the types have as many different values of each property as the node pool demands.
    pub(super) fn are_various(&self, types: TypeSet) -> bool {
        let table = Table::get();
        self.least
            .iter()
            .all(|(property, number)| table.values(*property, types) >= *number)
    }

    /// Returns the architectures of the types, as Kubernetes names them.
    pub(super) fn architectures(&self) -> impl Iterator<Item = &'static str> {
        let unlisted = self.unlisted.iter().filter_map(|name| named(name));
        architectures(self.listed, unlisted.map(|name| name.architecture()))
    }

    /// Returns the types that meet the demands too. `requirements` are the node pool's own.
    pub(super) fn candidates(
        &self,
        requirements: &BTreeMap<SmolStr, ValueSet>,
        architecture: Option<&str>,
        demands: &Demands<'_>,
    ) -> Candidates {
        let offered = requirements.get(CAPACITY_TYPE);
        let capacity = |name: &&str| {
            let mut asked = demands.iter().filter(|(key, _)| *key == CAPACITY_TYPE);
            offered.is_none_or(|offered| offered.contains(name))
                && asked.all(|(_, asked)| asked.admits(Some(name)))
        };
        // A label of a reservation is on reserved capacity alone.
        let mut others = demands.iter();
        if others.any(|(key, asked)| self.platform.is_of_reservation(key) && !asked.admits(None))
            && !capacity(&"reserved")
        {
            return Candidates::Listed(TypeSet::EMPTY);
        }
        let mut types = self.listed;
        types &= &types_of(self.platform, architecture, demands);
        if !LASTING.iter().any(capacity) {
            types &= Table::get().spot();
        }
        let meets =
            |name: &str| name_meets(name, self.platform, requirements, architecture, demands);
        let is_asked_for = |(key, asked): &(&str, Asked<'_>)| {
            let property = self.platform.property(key);
            property.is_some_and(|property| {
                asked.lists(|value| is_unlisted(property, value) && meets(value)) == Some(true)
            })
        };
        if types.is_empty()
            && (self.unlisted.iter().any(|name| meets(name)) || demands.iter().any(is_asked_for))
        {
            return Candidates::Unlisted;
        }
        if !self.are_various(types) {
            types = TypeSet::EMPTY;
        }
        Candidates::Listed(types)
    }
}

/// True if a type or family of this name may meet the requirements and the demands. A property that the name leaves open
/// may have any value.
fn name_meets(
    name: &str,
    platform: Platform,
    requirements: &BTreeMap<SmolStr, ValueSet>,
    architecture: Option<&str>,
    demands: &Demands<'_>,
) -> bool {
    let Some(name) = named(name) else {
        return false;
    };
    let value = |key| name.value(platform.property(key)?);
    architecture.is_none_or(|architecture| architecture == name.architecture())
        && requirements
            .iter()
            .all(|(key, set)| value(key).is_none_or(|value| set.contains(value)))
        && demands
            .iter()
            .all(|(key, asked)| value(key).is_none_or(|value| asked.admits(Some(value))))
}

/// Returns the architectures that types of the table have, or names beyond it.
fn architectures(
    types: TypeSet,
    named: impl Iterator<Item = &'static str> + Clone,
) -> impl Iterator<Item = &'static str> {
    let has = move |architecture: &&str| {
        let mut of = Table::get().with(Property::Architecture, architecture);
        of &= &types;
        !of.is_empty() || named.clone().any(|named| named == *architecture)
    };
    ["amd64", "arm64"].into_iter().filter(has)
}

/// Returns the types of the table that meet the demands, of one architecture if it is given.
fn types_of(platform: Platform, architecture: Option<&str>, demands: &Demands<'_>) -> TypeSet {
    let table = Table::get();
    let mut types = match architecture {
        Some(architecture) => table.with(Property::Architecture, architecture),
        None => table.all(),
    };
    for (key, asked) in demands {
        if let Some(property) = platform.property(key) {
            types &= &matching(property, asked);
        }
    }
    types
}

/// Returns the types whose value of the property the requirements admit.
fn matching(property: Property, asked: &Asked<'_>) -> TypeSet {
    let table = Table::get();
    let mut types = TypeSet::EMPTY;
    let listed = asked.lists(|value| {
        table.add(property, value, &mut types);
        false
    });
    if listed.is_some() {
        return types;
    }
    if let Some(bounds) = asked.compares_alone() {
        return table.within(property, bounds);
    }
    if property == Property::InstanceType
        && asked.excludes_alone(|value| table.add(property, value, &mut types))
    {
        return !types;
    }
    table.having(property, |value| asked.admits(value))
}

/// Returns the architecture that the demands give away: that of every instance type that meets them. `None` if there
/// are types of several, or of none.
#[must_use]
pub fn implied_architecture(platform: Platform, demands: &Demands<'_>) -> Option<&'static str> {
    let types = types_of(platform, None, demands);
    let mut unlisted = Vec::new();
    for (key, asked) in demands {
        let property = platform.property(key);
        let note = |value: &str| {
            let property = property.filter(|property| is_unlisted(*property, value));
            if let Some(name) = property.and_then(|_| named(value)) {
                unlisted.push(name.architecture());
            }
            false
        };
        asked.lists(note);
    }
    let mut found = architectures(types, unlisted.into_iter());
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// True if the value names a type or a family, by EC2's grammar, that the table does not have.
fn is_unlisted(property: Property, value: &str) -> bool {
    let named = match property {
        Property::InstanceType => TypeName::of_type,
        Property::Family => TypeName::of_family,
        _ => return false,
    };
    !Table::get().has(property, value) && named(value).is_some()
}

/// Reads the name of a type or of a family.
fn named(name: &str) -> Option<TypeName<'_>> {
    TypeName::of_type(name).or_else(|| TypeName::of_family(name))
}
