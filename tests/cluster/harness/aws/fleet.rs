//! Fleets: what Karpenter asks for at once, and the one offer of it that is taken.

use std::collections::BTreeMap;

use super::form::Form;
use super::xml::{list, tag, text};
use super::zones::ZONES;

/// The request for a fleet.
pub(super) struct Fleet {
    offers: Vec<Offer>,
    capacity_type: String,
    pub(super) count: usize,
    pub(super) tags: BTreeMap<String, String>,
}

/// One of a fleet's overrides: a type in a zone.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) instance_type: String,
    pub(super) zone: String,
    pub(super) subnet: String,
    pub(super) image: String,
    template: String,
}

impl Fleet {
    pub(super) fn read(form: &Form) -> Self {
        let target = |name: &str| form.get(&format!("TargetCapacitySpecification.{name}"));
        Self {
            offers: offers(form).collect(),
            capacity_type: target("DefaultTargetCapacityType").to_owned(),
            count: target("TotalTargetCapacity").parse().unwrap_or(1),
            tags: tags_of_instances(form),
        }
    }

    pub(super) fn is_spot(&self) -> bool {
        self.capacity_type == "spot"
    }

    /// Returns the cheapest of the offers, and of equal ones that in the first zone.
    pub(super) fn best(&self, price: impl Fn(&str) -> u64) -> Option<Offer> {
        let best = self.offers.iter().min_by_key(|offer| {
            let zone = ZONES.iter().position(|zone| zone.name == offer.zone);
            (price(&offer.instance_type), &offer.instance_type, zone)
        });
        best.cloned()
    }

    /// Describes the instances that were launched.
    pub(super) fn launched(&self, offer: &Offer, ids: &[String]) -> String {
        let template = text("launchTemplateName", &offer.template) + &tag("version", 1);
        let overrides = [
            tag("instanceType", &offer.instance_type),
            tag("subnetId", &offer.subnet),
            tag("availabilityZone", &offer.zone),
            tag("imageId", &offer.image),
        ];
        let chosen =
            tag("launchTemplateSpecification", template) + &tag("overrides", overrides.concat());
        [
            tag("launchTemplateAndOverrides", chosen),
            tag("lifecycle", &self.capacity_type),
            list("instanceIds", ids.iter().cloned()),
            tag("instanceType", &offer.instance_type),
        ]
        .concat()
    }
}

fn offers(form: &Form) -> impl Iterator<Item = Offer> {
    form.items("LaunchTemplateConfigs").flat_map(move |config| {
        let template = form.get(&format!(
            "{config}.LaunchTemplateSpecification.LaunchTemplateName"
        ));
        let overrides: Vec<String> = form.items(&format!("{config}.Overrides")).collect();
        overrides.into_iter().map(move |item| {
            let field = |name: &str| form.get(&format!("{item}.{name}")).to_owned();
            Offer {
                instance_type: field("InstanceType"),
                zone: field("AvailabilityZone"),
                subnet: field("SubnetId"),
                image: field("ImageId"),
                template: template.to_owned(),
            }
        })
    })
}

fn tags_of_instances(form: &Form) -> BTreeMap<String, String> {
    let specifications = form.items("TagSpecification");
    let mut specifications =
        specifications.filter(|item| form.get(&format!("{item}.ResourceType")) == "instance");
    let first = specifications.next();
    first
        .map(|item| tags(form, &format!("{item}.Tag")))
        .unwrap_or_default()
}

/// Reads a list of tags.
pub(super) fn tags(form: &Form, prefix: &str) -> BTreeMap<String, String> {
    let field = |item: &str, name: &str| form.get(&format!("{item}.{name}")).to_owned();
    let items = form.items(prefix);
    items
        .map(|item| (field(&item, "Key"), field(&item, "Value")))
        .collect()
}
