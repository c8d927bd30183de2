//! Workloads and worlds made of bytes: berth decides and merges as the oracle does, and keeps the laws.

#![no_main]

use berth_fuzz::merging;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match merging::examine(bytes) {
        Ok(()) => Corpus::Keep,
        Err(_) => Corpus::Reject,
    }
});
