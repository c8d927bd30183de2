//! The merge of berth's edits into a workload, held against the oracle and the laws.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use arbitrary::{Result, Unstructured};
use berth::placement::Snapshot;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::harness::review::Review;
use crate::model::difference::difference;
use crate::model::laws::broken_as;
use crate::model::worlds::World;
use crate::pods::workload;

/// The most worlds that are kept: to make one costs more than to ask in it.
const WORLDS: usize = 256;

type Made = Rc<(World, Snapshot)>;

thread_local! {
    static KEPT: RefCell<HashMap<u16, Made>> = RefCell::default();
}

/// Makes a workload and a world of bytes, and holds what berth makes of both against the oracle and the laws.
///
/// # Errors
/// If the bytes make none.
///
/// # Panics
/// If berth disagrees with the oracle, or breaks a law.
pub fn examine(bytes: &[u8]) -> Result<()> {
    let mut bytes = Unstructured::new(bytes);
    let world = world(bytes.arbitrary()?);
    let (world, snapshot) = &*world;
    let is_pretty: bool = bytes.arbitrary()?;
    let object = workload(&mut bytes)?;
    let review = Review::of(&object);
    let verdict = review.mutate(snapshot);
    let difference = difference(&object, world, &verdict);
    assert!(
        difference.is_none(),
        "{}: {object:#}",
        difference.unwrap_or_default()
    );
    let text = if is_pretty {
        format!("{object:#}")
    } else {
        object.to_string()
    };
    let broken = broken_as(&object, text, snapshot);
    assert!(broken.is_empty(), "{}: {object:#}", broken.join("\n"));
    examine_findings(&object, &verdict.patched(&object), snapshot);
    Ok(())
}

/// No check finds fault with what berth adds to a pod, or with an update that changes nothing.
fn examine_findings(
    object: &Value,
    patched: &std::result::Result<Value, String>,
    snapshot: &Snapshot,
) {
    let patched = patched.as_ref().expect("the patch applies");
    let before = Review::of(object).validate(snapshot).findings;
    let after = Review::of(patched).validate(snapshot).findings;
    let added: Vec<&String> = after
        .iter()
        .filter(|finding| !before.contains(finding))
        .collect();
    assert!(
        added.is_empty(),
        "{added:?} after the placement of {object:#}"
    );
    let unchanged = Review::of_update(object, object)
        .validate(snapshot)
        .findings;
    assert!(
        unchanged.is_empty(),
        "{unchanged:?} after an update of nothing: {object:#}"
    );
}

/// Returns the world of a number: one of those that the property tests generate.
fn world(number: u16) -> Made {
    KEPT.with_borrow_mut(|kept| {
        if let Some(made) = kept.get(&number) {
            return Rc::clone(made);
        }
        if kept.len() == WORLDS {
            kept.clear();
        }
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&number.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), random);
        let tree = World::any().new_tree(&mut runner);
        let world = tree.expect("a world rejects nothing").current();
        let snapshot = world.snapshot();
        let made = Rc::new((world, snapshot));
        kept.insert(number, Rc::clone(&made));
        made
    })
}
