//! The offers of instances, each with its price, and the capacity of their types.

use std::collections::BTreeMap;

use super::series::{CPU, MEMORY, PRICE};
use super::{exposition, vector};
use crate::cli::audit::report::Resources;
use crate::instance::{Property, Table};

/// An offer of an instance type.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offer {
    pub(super) capacity_type: String,
    pub(super) zone: String,
    /// US dollars an hour, above 0.
    pub(super) price: f64,
}

/// The offers by instance type.
#[derive(Debug, Default)]
pub(super) struct Offers {
    offers: BTreeMap<String, Vec<Offer>>,
    capacities: BTreeMap<String, Resources>,
}

impl Offers {
    /// Reads the offers of a text.
    ///
    /// # Errors
    /// If it has none with a price.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let series = if text.trim_start().starts_with('{') {
            vector::read(text)?
        } else {
            exposition::read(text)?
        };
        let mut offers = Self::default();
        for series in &series {
            let kind = series.label("instance_type");
            match series.name.as_str() {
                // A price of 0 is an offer that is not there.
                PRICE if series.value.is_finite() && series.value > 0.0 => {
                    let offer = Offer {
                        capacity_type: series.label("capacity_type").to_owned(),
                        zone: series.label("zone").to_owned(),
                        price: series.value,
                    };
                    let known = offers.offers.entry(kind.to_owned()).or_default();
                    // Each replica of Karpenter says the same.
                    if !known.contains(&offer) {
                        known.push(offer);
                    }
                }
                CPU => offers.capacity(kind).cpu_millis = whole(series.value * 1000.0),
                MEMORY => offers.capacity(kind).memory_bytes = whole(series.value),
                _ => {}
            }
        }
        if offers.offers.is_empty() {
            return Err(format!(
                "holds no value of {PRICE} above 0: take it from Karpenter's page /metrics, or from Prometheus"
            ));
        }
        Ok(offers)
    }

    fn capacity(&mut self, kind: &str) -> &mut Resources {
        self.capacities.entry(kind.to_owned()).or_default()
    }

    /// Returns the number of offers.
    pub(super) fn count(&self) -> u64 {
        self.offers.values().map(Vec::len).sum::<usize>() as u64
    }

    /// Returns the offers of an instance type.
    pub(super) fn of(&self, kind: &str) -> &[Offer] {
        self.offers.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Returns what an instance of a type has, by Karpenter's own metrics or by the table of types.
    pub(super) fn capacity_of(&self, kind: &str) -> Option<Resources> {
        let said = self.capacities.get(kind).copied();
        let said = said.filter(|capacity| capacity.cpu_millis > 0 && capacity.memory_bytes > 0);
        said.or_else(|| {
            let mut types = Table::get().with(Property::InstanceType, kind).types();
            types.next().map(|kind| Resources {
                cpu_millis: kind.vcpus * 1000,
                memory_bytes: kind.memory_mib << 20,
            })
        })
    }
}

/// Returns a number of a metric as a whole one.
fn whole(number: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float ends at the bounds of the integer"
    )]
    let whole = number.round() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::Offers;
    use crate::cli::audit::prices::series::{CPU, MEMORY, PRICE};

    #[test]
    fn a_price_of_nothing_is_no_offer() {
        let text = format!(
            "{PRICE}{{instance_type=\"a\",capacity_type=\"spot\",zone=\"z\"}} 0\n\
             {PRICE}{{instance_type=\"a\",capacity_type=\"on-demand\",zone=\"z\"}} 0.5\n\
             {PRICE}{{instance_type=\"a\",capacity_type=\"on-demand\",zone=\"z\"}} 0.5\n\
             {CPU}{{instance_type=\"a\"}} 4\n{MEMORY}{{instance_type=\"a\"}} 8e9\n"
        );
        let offers = Offers::read(&text).unwrap();
        assert_eq!(
            (offers.count(), offers.of("a").len(), offers.of("b").len()),
            (1, 1, 0)
        );
        let capacity = offers.capacity_of("a").unwrap();
        assert_eq!(
            (capacity.cpu_millis, capacity.memory_bytes),
            (4000, 8_000_000_000)
        );
        let known = offers.capacity_of("m7g.xlarge").unwrap();
        assert_eq!((known.cpu_millis, known.memory_bytes), (4000, 16 << 30));
        assert_eq!(offers.capacity_of("b"), None);
        assert!(
            Offers::read("up 1\n")
                .unwrap_err()
                .contains("holds no value")
        );
    }
}
