//! The names that a misspelt one may stand for (R7.3).

use crate::encoding::spelling::nearest;
use crate::encoding::wording::clipped;
use crate::policy::Policy;

/// Names that others give to an architecture, in lower case, each with Kubernetes' own.
const SYNONYMS: [(&str, &str); 9] = [
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("x86", "amd64"),
    ("x64", "amd64"),
    ("amd", "amd64"),
    ("intel", "amd64"),
    ("aarch64", "arm64"),
    ("arm", "arm64"),
    ("graviton", "arm64"),
];

/// The words for `disabled`, in lower case.
const NO: [&str; 8] = [
    "disabled", "disable", "false", "off", "no", "none", "never", "0",
];

/// Returns the values that the architecture label can have.
pub(super) fn architectures(policy: &Policy) -> Vec<&str> {
    let known = policy.architectures().iter().map(|known| &**known);
    known.chain(["any"]).collect()
}

/// Returns the value of the architecture label that a misspelt one most likely stands for.
pub(super) fn meant_architecture<'p>(name: &str, policy: &'p Policy) -> Option<&'p str> {
    let known = architectures(policy);
    let name = clipped(name).to_ascii_lowercase();
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == name);
    let own = synonym.and_then(|(_, own)| known.iter().copied().find(|known| known == own));
    own.or_else(|| nearest(&name, &known))
}

/// True if a value of the injection label most likely stands for `disabled`.
pub(super) fn means_disabled(value: &str) -> bool {
    let value = clipped(value).to_ascii_lowercase();
    NO.contains(&&*value) || nearest(&value, &["enabled", "disabled"]) == Some("disabled")
}

#[cfg(test)]
mod tests {
    use super::means_disabled;

    #[test]
    fn a_no_is_told_from_a_yes() {
        for no in ["false", "Disabled", "disable", "dissabled", "off"] {
            assert!(means_disabled(no), "{no}");
        }
        for yes in ["true", "Enabled", "enable", "enalbed", "on", "yes", ""] {
            assert!(!means_disabled(yes), "{yes}");
        }
    }
}
