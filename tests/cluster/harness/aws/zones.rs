//! The network of the stand-in: three zones, each with a subnet, and one security group for all.

use super::xml::{list, tag};

/// A zone and its subnet.
pub(super) struct Zone {
    pub(super) name: &'static str,
    pub(super) id: &'static str,
    pub(super) subnet: &'static str,
}

pub(super) const ZONES: [Zone; 3] = [
    zone("us-east-1a", "use1-az1", "subnet-00000000000000001"),
    zone("us-east-1b", "use1-az2", "subnet-00000000000000002"),
    zone("us-east-1c", "use1-az4", "subnet-00000000000000003"),
];

const fn zone(name: &'static str, id: &'static str, subnet: &'static str) -> Zone {
    Zone { name, id, subnet }
}

/// Describes the security group, for an answer about it or about an instance in it.
pub(super) fn group() -> String {
    tag("groupId", "sg-00000000000000001") + &tag("groupName", "nodes")
}

/// Describes the subnets, whatever they are selected by.
pub(super) fn subnets() -> String {
    let subnets = ZONES.iter().map(|zone| {
        [
            tag("subnetId", zone.subnet),
            tag("vpcId", "vpc-00000000000000001"),
            tag("state", "available"),
            tag("availabilityZone", zone.name),
            tag("availabilityZoneId", zone.id),
            tag("availableIpAddressCount", 60_000),
        ]
        .concat()
    });
    list("subnetSet", subnets)
}
