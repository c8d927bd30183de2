//! The cost of a workload, now and then, as a range each.

use std::collections::HashMap;

use super::offers::{Offer, Offers};
use crate::cli::audit::inventory::{Nodes, Spot};
use crate::cli::audit::report::{Cost, Resources, Then};
use crate::cli::audit::sides::{place, stays};
use crate::cli::audit::workloads::Row;
use crate::instance::{Property, Table, TypeSet};
use crate::node::{Catalogue, NodePool};

/// The lowest and the highest price, in US dollars an hour.
type Range = (f64, f64);

/// The node pools and the architectures that pods may come to, and what one of them requests.
type Target = (Vec<String>, Vec<String>, Resources);

/// An estimate under way.
pub(super) struct Estimate<'e> {
    offers: &'e Offers,
    nodes: &'e Nodes,
    catalogue: &'e Catalogue,
    /// The ranges that have been found, for the many pods that are alike.
    known: HashMap<Target, Option<Range>>,
    /// The number of pods that have no price, now or then.
    pub(super) unknown: u64,
}

impl<'e> Estimate<'e> {
    pub(super) fn new(offers: &'e Offers, nodes: &'e Nodes, catalogue: &'e Catalogue) -> Self {
        Self {
            offers,
            nodes,
            catalogue,
            known: HashMap::new(),
            unknown: 0,
        }
    }

    /// Returns what a workload costs; `None` if no price of its pods is known. Pods without one are in neither figure.
    pub(super) fn cost(&mut self, row: &Row) -> Option<Cost> {
        let mut cost: Option<Cost> = None;
        let mut add = |more: Cost| cost = Some(cost.unwrap_or_default().plus(more));
        let workload = &row.workload;
        for part in row.parts() {
            for spot in part.spots {
                match self.of_pod(spot, part.then) {
                    Some((now, then)) => add(cost_of(now, then, spot.pods)),
                    None => self.unknown += spot.pods,
                }
            }
            let replicas = workload.replicas.filter(|_| part.to_come > 0);
            let Some(replicas) = replicas.filter(|_| part.then.pool.is_some()) else {
                continue;
            };
            let each = Resources {
                cpu_millis: workload.requests.cpu_millis / replicas,
                memory_bytes: workload.requests.memory_bytes / replicas,
            };
            if let Some(then) = self.then(part.then, each) {
                add(cost_of((0.0, 0.0), then, part.to_come));
            }
        }
        cost
    }

    /// Returns what one of these pods costs now and then.
    fn of_pod(&mut self, spot: &Spot, then: &Then) -> Option<(Range, Range)> {
        let now = match spot.node {
            Some(number) => self.now(number, spot.requests)?,
            // It waits, and costs nothing yet.
            None => (0.0, 0.0),
        };
        let remains = then.pool.is_none()
            || place(spot, self.nodes).is_some_and(|place| stays(place, &then.node_pools));
        let then = if remains {
            now
        } else {
            self.then(then, spot.requests)?
        };
        Some((now, then))
    }

    /// Returns a pod's share of the price of its node: a range if its zone is not known.
    fn now(&self, node: u32, requests: Resources) -> Option<Range> {
        let facts = self.nodes.facts(node)?;
        let kind = facts.instance_type.as_deref()?;
        let said = Some(facts.capacity).filter(|capacity| *capacity != Resources::default());
        let capacity = self.offers.capacity_of(kind).or(said)?;
        let place = &facts.place;
        let offers = self.offers.of(kind).iter().filter(|offer| {
            let is = |known: &Option<String>, offered: &str| {
                known.as_ref().is_none_or(|known| known == offered)
            };
            is(&place.capacity_type, &offer.capacity_type) && is(&place.zone, &offer.zone)
        });
        range(offers.map(|offer| offer.price * share(requests, capacity)))
    }

    /// Returns a pod's share of the instances that it may come to.
    fn then(&mut self, then: &Then, requests: Resources) -> Option<Range> {
        let target = (
            then.node_pools.clone(),
            then.architectures.clone(),
            requests,
        );
        if let Some(range) = self.known.get(&target) {
            return *range;
        }
        let node_pools = then.node_pools.iter();
        let node_pools = node_pools.filter_map(|name| self.catalogue.get(name));
        let prices = node_pools.flat_map(|node_pool| self.prices(node_pool, then, requests));
        let found = range(prices);
        self.known.insert(target, found);
        found
    }

    /// Returns a pod's share of each instance that a node pool may make for it.
    fn prices(&self, node_pool: &NodePool, then: &Then, requests: Resources) -> Vec<f64> {
        let Some(types) = node_pool.instance_types() else {
            return Vec::new();
        };
        let mut prices = Vec::new();
        for kind in of_architectures(types, &then.architectures).types() {
            let Some(capacity) = self.offers.capacity_of(kind.name) else {
                continue;
            };
            let fits = requests.cpu_millis <= capacity.cpu_millis
                && requests.memory_bytes <= capacity.memory_bytes;
            let is_made = |offer: &&Offer| fits && node_pool.offers_capacity(&offer.capacity_type);
            let offers = self.offers.of(kind.name).iter().filter(is_made);
            prices.extend(offers.map(|offer| offer.price * share(requests, capacity)));
        }
        prices
    }
}

/// Returns the types of these architectures; all if none is named.
fn of_architectures(types: TypeSet, architectures: &[String]) -> TypeSet {
    if architectures.is_empty() {
        return types;
    }
    let mut meeting = TypeSet::EMPTY;
    for architecture in architectures {
        meeting |= &Table::get().with(Property::Architecture, architecture);
    }
    meeting &= &types;
    meeting
}

/// Returns the larger of a pod's shares of an instance's CPU and memory.
fn share(requests: Resources, capacity: Resources) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an estimate of costs needs no more than the digits of a float"
    )]
    let part = |part: u64, whole: u64| {
        if whole == 0 {
            0.0
        } else {
            part as f64 / whole as f64
        }
    };
    let cpu = part(requests.cpu_millis, capacity.cpu_millis);
    cpu.max(part(requests.memory_bytes, capacity.memory_bytes))
}

fn range(prices: impl Iterator<Item = f64>) -> Option<Range> {
    prices.fold(None, |range, price| match range {
        Some((low, high)) => Some((price.min(low), price.max(high))),
        None => Some((price, price)),
    })
}

fn cost_of(now: Range, then: Range, pods: u64) -> Cost {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an estimate of costs needs no more than the digits of a float"
    )]
    let pods = pods as f64;
    Cost {
        now_low: now.0 * pods,
        now_high: now.1 * pods,
        then_low: then.0 * pods,
        then_high: then.1 * pods,
    }
}
