//! EC2's grammar of the names of instance types: category, generation, options, size.

use super::property::Property;

/// The name of an instance type, or of a whole family, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeName<'n> {
    /// The whole name. `None` for a family.
    whole: Option<&'n str>,
    family: &'n str,
    category: &'n str,
    generation: &'n str,
    /// The letters after the generation.
    options: &'n str,
}

impl<'n> TypeName<'n> {
    /// Reads the name of a type, such as `m7g.xlarge`. `None` if it does not follow the grammar.
    #[must_use]
    pub fn of_type(name: &'n str) -> Option<Self> {
        let (family, size) = name.split_once('.')?;
        let whole = is_size(size).then_some(name)?;
        Some(Self {
            whole: Some(whole),
            ..Self::of_family(family)?
        })
    }

    /// Reads the name of a family, such as `m7g`. `None` if it does not follow the grammar.
    #[must_use]
    pub fn of_family(family: &'n str) -> Option<Self> {
        let (category, rest) = split_where(family, |byte| !byte.is_ascii_lowercase());
        // `u-6tb1` has its memory before the generation.
        let rest = rest
            .strip_prefix('-')
            .and_then(|rest| rest.split_once("tb"))
            .map_or(rest, |(_, rest)| rest);
        let (generation, options) = split_where(rest, |byte| !byte.is_ascii_digit());
        let is_option =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let valid =
            !category.is_empty() && !generation.is_empty() && options.bytes().all(is_option);
        valid.then_some(Self {
            whole: None,
            family,
            category,
            generation,
            options,
        })
    }

    /// Returns the value of a property that the name gives away, or `None` if it leaves the property open.
    #[must_use]
    pub fn value(&self, property: Property) -> Option<&'n str> {
        match property {
            Property::InstanceType => self.whole,
            Property::Architecture => Some(self.architecture()),
            Property::Category => Some(self.category),
            Property::Family => Some(self.family),
            Property::Generation => Some(self.generation),
            Property::Size => Some(self.whole?.split_once('.')?.1),
            Property::Flex => Some(if self.options.ends_with("-flex") {
                "true"
            } else {
                "false"
            }),
            _ => None,
        }
    }

    /// Returns the architecture. The option `g` stands for a Graviton CPU, which is arm64. `a1`, the first Graviton, is
    /// older than the option.
    #[must_use]
    pub fn architecture(&self) -> &'static str {
        let (options, _) = self.options.split_once('-').unwrap_or((self.options, ""));
        if self.family == "a1" || options.contains('g') {
            "arm64"
        } else {
            "amd64"
        }
    }
}

/// Splits a text before the first byte that passes the test.
fn split_where(text: &str, ends: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(ends).unwrap_or(text.len()))
}

/// True if the text is a size, such as `large`, `24xlarge` or `metal-48xl`.
fn is_size(size: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = |suffix| size.strip_suffix(suffix).is_some_and(is_number);
    let metal = || {
        let rest = size.strip_prefix("metal-")?;
        rest.strip_suffix("xl")
    };
    matches!(
        size,
        "nano" | "micro" | "small" | "medium" | "large" | "xlarge" | "metal"
    ) || numbered("xlarge")
        || metal().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::{Property, TypeName};
    use crate::instance::Table;

    /// The names give away what the table says, for all types that EC2 has today.
    #[test]
    fn names_and_table_agree() {
        let table = Table::get();
        for index in 0..table.len() {
            let kind = table.at(index);
            let Some(name) = TypeName::of_type(kind.name) else {
                panic!("{} does not follow the grammar", kind.name);
            };
            for property in Property::ALL.iter().copied() {
                if let Some(value) = name.value(property) {
                    assert!(
                        table.with(property, value).contains(index),
                        "{}: {property} is not {value}",
                        kind.name
                    );
                }
            }
        }
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for name in [
            "",
            "m7g",
            "m.large",
            "7g.large",
            "m7g.xlarg",
            "m7g.",
            "M7g.large",
            "m7g.metal-xl",
        ] {
            assert_eq!(TypeName::of_type(name), None, "{name}");
        }
        let name = TypeName::of_type("x99gd-flex.metal-48xl").unwrap();
        let values = [
            (Property::Architecture, "arm64"),
            (Property::Category, "x"),
            (Property::Family, "x99gd-flex"),
            (Property::Generation, "99"),
            (Property::Size, "metal-48xl"),
            (Property::Flex, "true"),
        ];
        for (property, value) in values {
            assert_eq!(name.value(property), Some(value), "{property}");
        }
        assert_eq!(name.value(Property::Cpu), None);
    }
}
