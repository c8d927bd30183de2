//! Any JSON as a `NodePool` object: it is refused, or pods are placed on its nodes.

#![no_main]

use std::sync::Arc;

use berth::lint::{Extent, lint};
use berth::node::{Catalogue, NodePool};
use berth::policy::{DraftForm, Mode, draft, embedded_policy, embedded_policy_object, read_policy};
use berth_fuzz::ground;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &[u8]| {
    let Ok(object) = serde_json::from_slice::<Value>(text) else {
        return;
    };
    let default = embedded_policy_object().expect("the policy that ships is right");
    let _ = lint(&default, &[&object], Extent::Whole);
    let Ok(node_pool) = NodePool::from_object(object) else {
        return;
    };
    let text = str::from_utf8(text).expect("JSON is UTF-8");
    assert_eq!(NodePool::from_json(text).as_ref(), Ok(&node_pool));
    let alone: Catalogue = [Arc::new(node_pool)].into_iter().collect();
    if let Ok(draft) = draft(&alone, Mode::Enforce, DraftForm::Object) {
        let (policy, _) = read_policy(&draft.text).expect("a draft is a policy");
        ground::ask_for_pods(policy, alone.clone());
    }
    let (policy, _) = embedded_policy().expect("the policy that ships is right");
    ground::ask_for_pods(policy, ground::node_pools().with(&alone));
});
