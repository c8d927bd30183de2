//! Closed sets of names. One list of variants gives an enum, the name of each variant, and the parser of the names.

/// Declares an enum whose every variant has exactly one name. The name is the same in logs, metrics, files and
/// messages.
macro_rules! named {
    ($(#[$meta:meta])* $vis:vis enum $type:ident { $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $type { $($(#[$variant_meta])* $variant,)+ }

        impl $type {
            /// All variants, in the order of declaration.
            $vis const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the name of the variant.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::named::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|variant| variant.as_str() == name)
                    .ok_or_else(|| $crate::named::UnknownName {
                        name: name.to_owned(),
                        known: Self::ALL.iter().map(|variant| variant.as_str()).collect(),
                    })
            }
        }
    };
}
pub(crate) use named;

/// The error for a text that is none of the names of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not one of {}", known.join(", "))]
pub struct UnknownName {
    /// The text that was parsed.
    pub name: String,
    /// All names of the set.
    pub known: Vec<&'static str>,
}

#[cfg(test)]
mod tests {
    use crate::placement::Reason;
    use crate::policy::{Action, Mode};
    use crate::validation::Check;

    /// Each variant is parsed from its own name, so no two variants share a name.
    #[test]
    fn names_and_variants_are_pairs() {
        fn pairs<T>(all: &[T])
        where
            T: Copy + PartialEq + std::fmt::Debug + std::fmt::Display + std::str::FromStr,
            T::Err: std::fmt::Debug,
        {
            for variant in all {
                assert_eq!(&variant.to_string().parse::<T>().unwrap(), variant);
            }
        }
        pairs(Reason::ALL);
        pairs(Mode::ALL);
        pairs(Check::ALL);
        pairs(Action::ALL);
        assert!("no such name".parse::<Reason>().is_err());
    }
}
