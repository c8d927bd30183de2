//! The NodePool objects, read.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::flaw::{Flaw, Lint, Subject};
use crate::encoding::field::FieldError;
use crate::node::{Catalogue, NodePool};

/// The node pools that may be there besides those that are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// None: all NodePool objects are given.
    Whole,
    /// None, and the cluster serves no NodePools: those of the policy's catalogue are all there are.
    NotServed,
    /// Any.
    Open,
}

/// The NodePool objects.
pub(super) struct Offers {
    /// Those that can be read. Of several with one name, the last.
    pub(super) catalogue: Catalogue,
    /// The position and the weight of each, by its name.
    objects: BTreeMap<Arc<str>, (usize, i64)>,
}

impl Offers {
    /// Reads the objects. Returns also the flaws that each has by itself.
    pub(super) fn read(objects: &[&Value]) -> (Self, Vec<Flaw>) {
        let mut flaws = Vec::new();
        let (mut read, mut places) = (Vec::new(), BTreeMap::new());
        for (position, object) in objects.iter().enumerate() {
            let subject = Subject::NodePool(position);
            match NodePool::from_object((*object).clone()) {
                Ok(node_pool) => {
                    let weight = object.pointer("/spec/weight").and_then(Value::as_i64);
                    let name = Arc::clone(node_pool.name());
                    let place = (position, weight.unwrap_or(0));
                    if places.insert(Arc::clone(&name), place).is_some() {
                        flaws.push(repeated(subject, &name));
                    }
                    read.push(Arc::new(node_pool));
                }
                Err(error) => {
                    let lint = Lint::UnreadableNodePool;
                    flaws.push(Flaw::of_error(lint, subject, &error));
                }
            }
        }
        let offers = Self {
            catalogue: read.into_iter().collect(),
            objects: places,
        };
        (offers, flaws)
    }

    /// Returns the position of a node pool's object.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.objects.get(name).map(|(position, _)| *position)
    }

    /// Returns the weight of a node pool, by which Karpenter orders them; 0 if its object has none.
    pub(super) fn weight(&self, name: &str) -> Option<i64> {
        self.objects.get(name).map(|(_, weight)| *weight)
    }
}

fn repeated(subject: Subject, name: &str) -> Flaw {
    let message =
        format!("the input has several NodePools {name}: the last one counts; remove the others");
    let error = FieldError::new(message).in_field("name");
    Flaw::of_error(Lint::RepeatedNodePool, subject, &error.in_field("metadata"))
}
