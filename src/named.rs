//! Closed sets of names: one list of variants gives the enum, its text and the way back.

/// Declares an enum whose every variant has exactly one name, used wherever it is shown or read.
macro_rules! named {
    ($(#[$meta:meta])* $vis:vis enum $type:ident { $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $type { $($(#[$variant_meta])* $variant,)+ }

        impl $type {
            /// Every variant, in the order of declaration.
            $vis const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name of the variant, in every output alike.
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

/// A text that is none of the names of a closed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The text as it was written.
    pub name: String,
    /// The names there are.
    pub known: Vec<&'static str>,
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not one of {}", self.name, self.known.join(", "))
    }
}

impl std::error::Error for UnknownName {}

#[cfg(test)]
mod tests {
    use crate::placement::Reason;
    use crate::policy::{Action, Mode};
    use crate::validation::Check;

    /// Every variant of every closed set comes back from its own name, and no two share one.
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
