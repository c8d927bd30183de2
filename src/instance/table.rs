//! The table of instance types, and sets of its types.

use std::collections::HashMap;
use std::ops::{BitAndAssign, BitOrAssign, Not};
use std::sync::{LazyLock, OnceLock};

use foldhash::fast::FixedState;

use super::line::{InstanceType, Parts, cell, cells, column_of};
use super::name::TypeName;
use super::property::Property;

const TYPES: &str = include_str!("types.tsv");

/// The number of 64-bit words of a set: room for all types of the table, which a test holds.
const WORDS: usize = 24;

/// A set of the table's instance types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeSet([u64; WORDS]);

impl TypeSet {
    /// The set of no types.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// True if the set holds no type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// True if the set holds the type at this position.
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.0[index / 64] >> (index % 64) & 1 == 1
    }

    fn insert(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    /// Returns the types of the set that pass the test.
    #[must_use]
    pub fn keep(self, test: impl Fn(&InstanceType) -> bool) -> Self {
        let mut kept = Self::EMPTY;
        for (index, kind) in Table::get().types.iter().enumerate() {
            if self.contains(index) && test(kind) {
                kept.insert(index);
            }
        }
        kept
    }

    /// Returns the types of the set, in the order of their names.
    pub fn types(self) -> impl Iterator<Item = &'static InstanceType> {
        let types = Table::get().types.iter().enumerate();
        types.filter_map(move |(index, kind)| self.contains(index).then_some(kind))
    }
}

impl BitAndAssign<&Self> for TypeSet {
    fn bitand_assign(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }
}

impl BitOrAssign<&Self> for TypeSet {
    fn bitor_assign(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }
}

impl Not for TypeSet {
    type Output = Self;

    /// Returns the table's other types.
    fn not(mut self) -> Self {
        for (word, all) in self.0.iter_mut().zip(&Table::get().all.0) {
            *word = all & !*word;
        }
        self
    }
}

/// The types that have one value of a property.
#[derive(Debug, Clone)]
struct Having {
    /// The value; `None` for types without the label.
    value: Option<&'static str>,
    /// The value as a number, if it is one.
    number: Option<i64>,
    types: TypeSet,
}

/// All instance types that EC2 had on the date of the table.
#[derive(Debug)]
pub struct Table {
    columns: Vec<&'static str>,
    /// The lines of the types, sorted by name.
    lines: Vec<&'static str>,
    /// The types, one for each line.
    types: Vec<InstanceType>,
    /// The position of each type by its name: pods name types by the dozen.
    positions: HashMap<&'static str, usize, FixedState>,
    all: TypeSet,
    spot: TypeSet,
    /// For each property but the name, the types by value, sorted by value. Each is made when it is first asked for: a
    /// cluster asks for few.
    by_value: Vec<OnceLock<Vec<Having>>>,
}

impl Table {
    /// Returns the table. The first call reads it.
    #[must_use]
    pub fn get() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(TYPES));
        &TABLE
    }

    fn read(text: &'static str) -> Self {
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let columns: Vec<&str> = cells(lines.next().unwrap_or_default()).collect();
        let column = |name: &str| columns.iter().position(|column| *column == name);
        let Some(parts) = Parts::new(column) else {
            unreachable!("the table lacks a column");
        };
        let mut table = Self {
            lines: Vec::new(),
            types: Vec::new(),
            positions: HashMap::with_capacity_and_hasher(WORDS * 64, FixedState::default()),
            all: TypeSet::EMPTY,
            spot: TypeSet::EMPTY,
            by_value: vec![OnceLock::new(); Property::ALL.len()],
            columns: Vec::new(),
        };
        let mut row = Vec::with_capacity(columns.len());
        for line in lines.take(WORDS * 64) {
            row.clear();
            row.extend(cells(line));
            let Some((kind, spot)) = parts.read(&row) else {
                continue;
            };
            let index = table.types.len();
            table.all.insert(index);
            if spot {
                table.spot.insert(index);
            }
            table.lines.push(line);
            table.positions.insert(kind.name, index);
            table.types.push(kind);
        }
        table.columns = columns;
        table
    }

    /// Returns the types by value of a property that is not the name.
    fn by_value(&self, property: Property) -> &[Having] {
        self.by_value[property as usize].get_or_init(|| {
            let column = column_of(property)
                .and_then(|name| self.columns.iter().position(|column| *column == name));
            let mut values: Vec<Having> = Vec::new();
            for (index, (line, kind)) in self.lines.iter().zip(&self.types).enumerate() {
                let value = match column {
                    Some(column) => cell(line, column),
                    None => TypeName::of_type(kind.name).and_then(|name| name.value(property)),
                };
                // The nodes of bare metal have the label of the hypervisor, without a value.
                let value = value.or((property == Property::Hypervisor).then_some(""));
                let position = values.binary_search_by(|known| known.value.cmp(&value));
                let position = position.unwrap_or_else(|position| {
                    let having = Having {
                        value,
                        number: value.and_then(|value| value.parse().ok()),
                        types: TypeSet::EMPTY,
                    };
                    values.insert(position, having);
                    position
                });
                values[position].types.insert(index);
            }
            values
        })
    }

    /// Returns the number of types.
    #[must_use]
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// True if the table holds no type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Returns the type at a position, from 0.
    #[must_use]
    pub fn at(&self, index: usize) -> &InstanceType {
        &self.types[index]
    }

    /// Returns all types.
    #[must_use]
    pub fn all(&self) -> TypeSet {
        self.all
    }

    /// Returns the types that EC2 offers on spot.
    #[must_use]
    pub fn spot(&self) -> &TypeSet {
        &self.spot
    }

    /// Adds the types with this value of the property to a set.
    pub fn add(&self, property: Property, value: &str, to: &mut TypeSet) {
        if property == Property::InstanceType {
            if let Some(index) = self.positions.get(value) {
                to.insert(*index);
            }
        } else if let Some(types) = self.of_value(property, value) {
            *to |= types;
        }
    }

    /// Returns the types with this value of the property.
    #[must_use]
    pub fn with(&self, property: Property, value: &str) -> TypeSet {
        let mut set = TypeSet::EMPTY;
        self.add(property, value, &mut set);
        set
    }

    /// True if a type has this value of the property.
    #[must_use]
    pub fn has(&self, property: Property, value: &str) -> bool {
        if property == Property::InstanceType {
            self.positions.contains_key(value)
        } else {
            self.of_value(property, value).is_some()
        }
    }

    /// Returns the types with this value of a property that is not the name.
    fn of_value(&self, property: Property, value: &str) -> Option<&TypeSet> {
        let values = self.by_value(property);
        let found = values.binary_search_by(|known| known.value.cmp(&Some(value)));
        found.ok().map(|position| &values[position].types)
    }

    /// Returns the number of different values of the property that types of a set have.
    #[must_use]
    pub fn values(&self, property: Property, of: TypeSet) -> usize {
        if property == Property::InstanceType {
            return of.types().count();
        }
        let values = self.by_value(property).iter();
        let common = |having: &&Having| {
            let mut common = of;
            common &= &having.types;
            having.value.is_some() && !common.is_empty()
        };
        values.filter(common).count()
    }

    /// Returns the types whose value of the property passes the test, which gets `None` for those without the label.
    pub fn having(&self, property: Property, test: impl Fn(Option<&str>) -> bool) -> TypeSet {
        let mut set = TypeSet::EMPTY;
        if property == Property::InstanceType {
            for (index, kind) in self.types.iter().enumerate() {
                if test(Some(kind.name)) {
                    set.insert(index);
                }
            }
            return set;
        }
        for having in self.by_value(property) {
            if test(having.value) {
                set |= &having.types;
            }
        }
        set
    }

    /// Returns the types whose value of the property is an integer within the inclusive bounds. The name is none.
    #[must_use]
    pub fn within(&self, property: Property, (lower, upper): (i64, i64)) -> TypeSet {
        let mut set = TypeSet::EMPTY;
        if property == Property::InstanceType {
            return set;
        }
        for having in self.by_value(property) {
            if having.number.is_some_and(|it| lower <= it && it <= upper) {
                set |= &having.types;
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::{Property, TYPES, Table, WORDS};

    /// Every line of the file is a type, and the sets have room for all.
    #[test]
    fn the_whole_file_is_read() {
        let lines = TYPES.lines().filter(|line| !line.starts_with('#')).count();
        let table = Table::get();
        assert_eq!(table.len(), lines - 1);
        assert!(
            table.len() > 1_000 && table.len() <= WORDS * 64,
            "{}",
            table.len()
        );
        let names: Vec<&str> = (0..table.len()).map(|index| table.at(index).name).collect();
        assert!(
            names.is_sorted(),
            "the types are in the order of their names"
        );
    }

    #[test]
    fn types_are_found_by_value() {
        let table = Table::get();
        let mut graviton = table.with(Property::Family, "m7g");
        graviton &= &table.with(Property::Cpu, "4");
        let found: Vec<_> = graviton
            .types()
            .map(|kind| (kind.name, kind.memory_mib))
            .collect();
        assert_eq!(found, [("m7g.xlarge", 16_384)]);
        let without_gpu = table.having(Property::GpuName, |value| value.is_none());
        assert_eq!(
            !without_gpu,
            table.having(Property::GpuName, |value| value.is_some())
        );
        assert_eq!(table.with(Property::InstanceType, "m7g.xlarge"), graviton);
    }
    #[test]
    fn types_are_found_by_number() {
        let table = Table::get();
        for property in Property::ALL {
            for (lower, upper) in [(4, 16), (16, 4), (i64::MIN, 8192), (0, i64::MAX)] {
                let is_within = |value: Option<&str>| {
                    let number = value.and_then(|value| value.parse::<i64>().ok());
                    number.is_some_and(|number| (lower..=upper).contains(&number))
                };
                let expected = table.having(*property, is_within);
                assert_eq!(table.within(*property, (lower, upper)), expected);
            }
        }
    }
}
