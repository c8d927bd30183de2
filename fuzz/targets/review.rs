//! Any bytes as the body of a review, to both endpoints.

#![no_main]

use std::sync::LazyLock;

use berth::placement::Snapshot;
use berth_fuzz::{ground, reviews};
use libfuzzer_sys::fuzz_target;

static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(ground::shipped);

fuzz_target!(|body: &[u8]| reviews::examine(body, &SNAPSHOT));
