//! The resources that a pod requests: only whether one of them is not every node's to offer.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::collections::first;
use crate::placement::object::objects;
use crate::placement::text::Text;

objects!(Container, Resources);

/// Of a list of containers, the first extended resource that one of them requests.
#[derive(Debug, Default)]
pub(super) struct Containers<'a>(pub(super) Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Containers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        first(deserializer, |container: Container<'de>| {
            let Resources { requests, limits } = container.resources?;
            requests.0.or(limits.0)
        })
        .map(Self)
    }
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Container<'a> {
    #[serde(borrow, default)]
    resources: Option<Resources<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Resources<'a> {
    #[serde(borrow, default)]
    requests: ExtendedResource<'a>,
    #[serde(borrow, default)]
    limits: ExtendedResource<'a>,
}

/// Of a map of quantities, the first extended resource of which there is more than nothing.
#[derive(Default)]
struct ExtendedResource<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for ExtendedResource<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ResourcesVisitor;

        impl<'de> Visitor<'de> for ResourcesVisitor {
            type Value = ExtendedResource<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of quantities")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = None;
                while let Some((name, Amount(some))) = map.next_entry::<Text<'de>, Amount>()? {
                    if some && found.is_none() && is_extended(&name) {
                        found = Some(name);
                    }
                }
                Ok(ExtendedResource(found))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(ExtendedResource(None))
            }
        }

        deserializer.deserialize_any(ResourcesVisitor)
    }
}

/// Kubernetes' rule: an extended resource has a domain, and not Kubernetes' own.
fn is_extended(resource: &str) -> bool {
    resource.contains('/')
        && !resource.contains("kubernetes.io/")
        && !resource.starts_with("requests.")
}

/// Whether a quantity is more than a plain zero; it is not read any further (R5.22).
struct Amount(bool);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountVisitor;

        impl Visitor<'_> for AmountVisitor {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                Ok(Amount(text != "0"))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount(number != 0))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount(number != 0))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                Ok(Amount(number != 0.0))
            }

            fn visit_unit<E: Error>(self) -> Result<Amount, E> {
                Ok(Amount(false))
            }
        }

        deserializer.deserialize_any(AmountVisitor)
    }
}
