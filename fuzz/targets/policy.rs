//! Any text as a policy: it is refused, or pods are placed by it.

#![no_main]

use berth::encoding::yaml;
use berth::lint::{Extent, lint};
use berth::policy::{examine_policy, read_policy};
use berth_fuzz::ground;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(value) = yaml::parse(text) else {
        assert!(read_policy(text).is_err());
        return;
    };
    let read = read_policy(text);
    match (&read, examine_policy(&value)) {
        (Ok(read), Ok(examined)) => assert_eq!(read.1, examined.1),
        (Err(error), Err(errors)) => assert_eq!(Some(error), errors.first()),
        (read, examined) => panic!("{read:?}, and {examined:?}"),
    }
    for extent in [Extent::Open, Extent::Whole] {
        let _ = lint(&value, &[], extent);
    }
    if let Ok((policy, of_policy)) = read {
        ground::ask_for_pods(policy.clone(), of_policy.clone());
        ground::ask_for_pods(policy, of_policy.with(&ground::node_pools()));
    }
});
