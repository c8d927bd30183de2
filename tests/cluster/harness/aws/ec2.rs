//! EC2: what there is to launch, launch templates, and instances that are entries of a list.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use super::fleet::{Fleet, Offer, tags};
use super::form::Form;
use super::instance_types::InstanceType;
use super::ssm::describe_images;
use super::xml::{Failure, list, tag, text};
use super::zones::{ZONES, group, subnets};

/// The templates and instances of the account.
pub(super) struct Ec2 {
    pub(super) types: BTreeMap<String, InstanceType>,
    /// The ids of the launch templates by their names.
    templates: BTreeMap<String, String>,
    instances: BTreeMap<String, Instance>,
    /// The number of ids that were given away.
    ids: u64,
}

/// An instance that was launched.
struct Instance {
    offer: Offer,
    is_spot: bool,
    is_running: bool,
    launched: Timestamp,
    tags: BTreeMap<String, String>,
}

impl Ec2 {
    pub(super) fn new(types: Vec<InstanceType>) -> Self {
        let named = types.into_iter();
        Self {
            types: named.map(|one| (one.name.clone(), one)).collect(),
            templates: BTreeMap::new(),
            instances: BTreeMap::new(),
            ids: 0,
        }
    }

    /// Answers a call; `None` if it is none of EC2's.
    pub(super) fn call(&mut self, action: &str, form: &Form) -> Option<Result<String, Failure>> {
        Some(match action {
            "DescribeInstanceTypes" => {
                let types = self.types.values().map(InstanceType::described);
                Ok(list("instanceTypeSet", types))
            }
            "DescribeInstanceTypeOfferings" => Ok(self.offerings()),
            "DescribeSpotPriceHistory" => Ok(self.spot_prices()),
            "DescribeSubnets" => Ok(subnets()),
            "DescribeSecurityGroups" => Ok(list("securityGroupInfo", [group()])),
            "DescribeImages" => Ok(describe_images()),
            "DescribeLaunchTemplates" => self.launch_templates(form),
            "CreateLaunchTemplate" => Ok(self.create_launch_template(form)),
            "DeleteLaunchTemplate" => self.delete_launch_template(form),
            "CreateFleet" => Ok(self.create_fleet(form)),
            "DescribeInstances" => self.describe_instances(form),
            "TerminateInstances" => Ok(self.terminate(form)),
            "CreateTags" => Ok(self.create_tags(form)),
            "DescribeInstanceStatus" => Ok(list("instanceStatusSet", [])),
            "DescribeCapacityReservations" => Ok(list("capacityReservationSet", [])),
            "DescribePlacementGroups" => Ok(list("placementGroupSet", [])),
            _ => return None,
        })
    }

    fn id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}-{:017x}", self.ids)
    }

    /// Offers every type in every zone.
    fn offerings(&self) -> String {
        let offered = self.types.keys().flat_map(|name| {
            ZONES.iter().map(move |zone| {
                tag("instanceType", name)
                    + &tag("locationType", "availability-zone")
                    + &tag("location", zone.name)
            })
        });
        list("instanceTypeOfferingSet", offered)
    }

    /// Offers spot at a third of the price, in the first zone for the least.
    fn spot_prices(&self) -> String {
        let now = Timestamp::now();
        let types = self.types.values().filter(|one| one.has_spot());
        let prices = types.flat_map(|one| {
            ZONES.iter().zip(0..).map(move |(zone, position)| {
                let millionths = one.price() * (100 + position) / 300;
                [
                    tag("instanceType", &one.name),
                    tag("productDescription", "Linux/UNIX"),
                    tag("availabilityZone", zone.name),
                    tag("timestamp", now),
                    tag(
                        "spotPrice",
                        format_args!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000),
                    ),
                ]
                .concat()
            })
        });
        list("spotPriceHistorySet", prices)
    }

    /// Describes the launch templates that are named. Karpenter also asks for those of an earlier run: there are none.
    fn launch_templates(&self, form: &Form) -> Result<String, Failure> {
        let named = form.values("LaunchTemplateName");
        let described = named.map(|name| {
            let id = self.templates.get(name).ok_or_else(|| no_template(name))?;
            Ok(tag("launchTemplateId", id) + &text("launchTemplateName", name))
        });
        let described: Vec<String> = described.collect::<Result<_, _>>()?;
        Ok(list("launchTemplates", described))
    }

    fn create_launch_template(&mut self, form: &Form) -> String {
        let name = form.get("LaunchTemplateName");
        let id = self.id("lt");
        let described = tag("launchTemplateId", &id) + &text("launchTemplateName", name);
        self.templates.insert(name.to_owned(), id);
        tag("launchTemplate", described)
    }

    fn delete_launch_template(&mut self, form: &Form) -> Result<String, Failure> {
        let (name, id) = (form.get("LaunchTemplateName"), form.get("LaunchTemplateId"));
        let mut templates = self.templates.iter();
        let found = templates.find(|(one, its_id)| *one == name || *its_id == id);
        let name = found
            .map(|(name, _)| name.clone())
            .ok_or_else(|| no_template(name))?;
        let id = self.templates.remove(&name).unwrap_or_default();
        let described = tag("launchTemplateId", id) + &text("launchTemplateName", &name);
        Ok(tag("launchTemplate", described))
    }

    /// Launches the cheapest of the offers in the first of its zones. Every capacity type can be had.
    fn create_fleet(&mut self, form: &Form) -> String {
        let fleet = Fleet::read(form);
        let id = tag("fleetId", self.id("fleet"));
        let price = |name: &str| self.types.get(name).map_or(u64::MAX, InstanceType::price);
        let Some(offer) = fleet.best(price) else {
            return id + &list("fleetInstanceSet", []);
        };
        let ids: Vec<String> = (0..fleet.count).map(|_| self.id("i")).collect();
        let launched = fleet.launched(&offer, &ids);
        for id in ids {
            let instance = Instance {
                offer: offer.clone(),
                is_spot: fleet.is_spot(),
                is_running: true,
                launched: Timestamp::now(),
                tags: fleet.tags.clone(),
            };
            self.instances.insert(id, instance);
        }
        id + &list("fleetInstanceSet", [launched])
    }

    /// Describes the running instances, those that are named or all.
    fn describe_instances(&self, form: &Form) -> Result<String, Failure> {
        let named: Vec<&str> = form.values("InstanceId").collect();
        if let Some(id) = named.iter().find(|id| !self.instances.contains_key(**id)) {
            return Err(Failure::new("InvalidInstanceID.NotFound", id));
        }
        let instances = self.instances.iter();
        let asked = instances.filter(|(id, instance)| {
            instance.is_running && (named.is_empty() || named.contains(&id.as_str()))
        });
        let described = asked.map(|(id, instance)| instance.described(id));
        let reservation =
            tag("reservationId", "r-00000000000000001") + &list("instancesSet", described);
        Ok(list("reservationSet", [reservation]))
    }

    fn terminate(&mut self, form: &Form) -> String {
        let terminated = form.values("InstanceId").map(|id| {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.is_running = false;
            }
            tag("instanceId", id)
                + &tag("currentState", tag("code", 48) + &tag("name", "terminated"))
                + &tag("previousState", tag("code", 16) + &tag("name", "running"))
        });
        list("instancesSet", terminated)
    }

    fn create_tags(&mut self, form: &Form) -> String {
        for id in form.values("ResourceId") {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.tags.extend(tags(form, "Tag"));
            }
        }
        tag("return", true)
    }
}

impl Instance {
    fn described(&self, id: &str) -> String {
        let zone = ZONES.iter().find(|zone| zone.name == self.offer.zone);
        let placement = [
            tag("availabilityZone", &self.offer.zone),
            tag(
                "availabilityZoneId",
                zone.map(|zone| zone.id).unwrap_or_default(),
            ),
            tag("tenancy", "default"),
        ];
        let spot = self
            .is_spot
            .then(|| tag("spotInstanceRequestId", "sir-00000001"));
        let tags = self.tags.iter();
        [
            tag("instanceId", id),
            tag("imageId", &self.offer.image),
            tag("instanceState", tag("code", 16) + &tag("name", "running")),
            tag("privateDnsName", format_args!("{id}.ec2.internal")),
            tag("instanceType", &self.offer.instance_type),
            tag("launchTime", self.launched),
            tag("placement", placement.concat()),
            tag("subnetId", &self.offer.subnet),
            list("groupSet", [group()]),
            spot.unwrap_or_default(),
            list(
                "tagSet",
                tags.map(|(key, value)| text("key", key) + &text("value", value)),
            ),
        ]
        .concat()
    }
}

fn no_template(name: &str) -> Failure {
    Failure::new("InvalidLaunchTemplateName.NotFoundException", name)
}
