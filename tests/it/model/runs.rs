//! The number of times that a property is tried.

use proptest::prelude::ProptestConfig;

/// Tries as often as `PROPTEST_CASES` says, and 1024 times at least.
pub(crate) fn usual() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.max(1024),
        // A counterexample becomes a case, not a file of seeds.
        failure_persistence: None,
        ..usual
    }
}

/// Tries a quarter as often: each try asks several times, and makes a policy and a catalogue first.
pub(crate) fn seldom() -> ProptestConfig {
    let usual = usual();
    ProptestConfig {
        cases: usual.cases / 4,
        ..usual
    }
}

/// Tries a sixteenth as often: each try is a history of many requests.
pub(crate) fn few() -> ProptestConfig {
    let usual = usual();
    ProptestConfig {
        cases: usual.cases / 16,
        ..usual
    }
}
