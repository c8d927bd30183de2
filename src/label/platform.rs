//! The platforms that make nodes: the labels that each knows, and those that it refuses.

use super::key::{
    ALWAYS_PRESENT, ARCH, CAPACITY_TYPE, COMPUTE_TYPE, HOSTNAME, INSTANCE_TYPE, NODE_POOL,
};
use crate::instance::Property;

/// The maker of a node pool's nodes. A NodePool tells it by the API group of its node class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// A Karpenter of one's own, with the AWS provider.
    Karpenter,
    /// EKS Auto Mode.
    AutoMode,
    /// A Karpenter with another provider. berth knows its core labels alone.
    OtherKarpenter,
    /// A maker that is no Karpenter, such as CAST AI. Its node pools have the labels that the policy's catalogue lists.
    Listed,
}

/// The labels of Karpenter's AWS provider for reserved capacity. Only nodes in a reservation have them.
const OF_RESERVATION: [&str; 3] = [
    "capacity-reservation-id",
    "capacity-reservation-type",
    "capacity-reservation-interruptible",
];

/// The labels that Karpenter's AWS provider makes of the node class or of the launch, and not of the instance type.
const OF_LAUNCH: [&str; 3] = [
    "instance-tenancy",
    "placement-group-id",
    "placement-group-partition",
];

impl Platform {
    /// Returns the platform of a node class, by its API group.
    #[must_use]
    pub fn of_node_class(group: &str) -> Self {
        match group {
            "karpenter.k8s.aws" => Self::Karpenter,
            "eks.amazonaws.com" => Self::AutoMode,
            _ => Self::OtherKarpenter,
        }
    }

    /// True if Karpenter makes the nodes, be it one's own or that of Auto Mode.
    #[must_use]
    pub fn is_karpenter(self) -> bool {
        match self {
            Self::Karpenter | Self::AutoMode | Self::OtherKarpenter => true,
            Self::Listed => false,
        }
    }

    /// Returns the domain of the platform's own labels, if it has one.
    #[must_use]
    pub fn domain(self) -> Option<&'static str> {
        match self {
            Self::Karpenter => Some("karpenter.k8s.aws"),
            Self::AutoMode => Some("eks.amazonaws.com"),
            Self::OtherKarpenter | Self::Listed => None,
        }
    }

    /// Returns the name of a label in the platform's own domain: the key without the domain.
    fn own(self, key: &str) -> Option<&str> {
        key.strip_prefix(self.domain()?)?.strip_prefix('/')
    }

    /// True if the label is in the domain of a platform.
    #[must_use]
    pub fn owned(key: &str) -> bool {
        let with_domains = [Self::Karpenter, Self::AutoMode];
        with_domains
            .iter()
            .any(|platform| platform.own(key).is_some())
    }

    /// Returns the property of the instance type that the platform makes the label of. The key is canonical.
    #[must_use]
    pub fn property(self, key: &str) -> Option<Property> {
        match (self, key) {
            (Self::OtherKarpenter, _) => None,
            (_, ARCH) => Some(Property::Architecture),
            (_, INSTANCE_TYPE) => Some(Property::InstanceType),
            _ => {
                let suffix = self.own(key)?.strip_prefix("instance-")?;
                let mut labelled = Property::ALL.iter().copied();
                labelled.find(|property| {
                    !matches!(property, Property::InstanceType | Property::Architecture)
                        && property.as_str() == suffix
                })
            }
        }
    }

    /// True if the label is on nodes in a capacity reservation alone.
    #[must_use]
    pub fn is_of_reservation(self, key: &str) -> bool {
        self.own(key)
            .is_some_and(|name| OF_RESERVATION.contains(&name))
    }

    /// Returns the platform's own label that means what the key means on another platform. `None` if there is none.
    #[must_use]
    pub fn counterpart(self, key: &str) -> Option<String> {
        let others = [Self::Karpenter, Self::AutoMode].into_iter();
        let mut others = others.filter(|other| *other != self && other.knows(key));
        let name = others.find_map(|other| other.own(key))?;
        let own = format!("{}/{name}", self.domain()?);
        self.knows(&own).then_some(own)
    }

    /// True if all nodes of the platform have the label. The key is canonical.
    pub(crate) fn always_present(self, key: &str) -> bool {
        ALWAYS_PRESENT.contains(&key)
            || (key == CAPACITY_TYPE && self.is_karpenter())
            || (key == COMPUTE_TYPE && self == Self::AutoMode)
    }

    /// True if nodes of the platform can have the label although their node pool does not mention it. The key is
    /// canonical.
    #[must_use]
    pub fn knows(self, key: &str) -> bool {
        self.always_present(key)
            || (key == NODE_POOL && self.is_karpenter())
            || key == "node.kubernetes.io/windows-build"
            || (key == "topology.k8s.aws/zone-id" && self != Self::OtherKarpenter)
            || self.property(key).is_some()
            || self.is_of_reservation(key)
            || self.own(key).is_some_and(|name| OF_LAUNCH.contains(&name))
    }

    /// True if the platform's Karpenter refuses a pod that names the label in a requirement, with any operator and in any
    /// of its terms (R7.4). The key is canonical.
    #[must_use]
    pub fn refuses(self, key: &str) -> bool {
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        let is_reserved = self.reserved_domains().any(|owner| {
            domain
                .strip_suffix(owner)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        self.is_karpenter() && (key == HOSTNAME || is_reserved) && !self.knows(key)
    }

    /// True if the API server refuses a NodeClaim of the platform that names the label. Karpenter copies a pod's
    /// preference into a NodeClaim without a look at its labels. The key is canonical.
    #[must_use]
    pub fn restricts(self, key: &str) -> bool {
        let domain = key.split_once('/').map_or(key, |(domain, _)| domain);
        // The definitions compare the end of the text alone, so that they restrict `mykarpenter.sh` too.
        let is_reserved = self.reserved_domains().any(|owner| domain.ends_with(owner));
        // Karpenter knows of these two, and keeps them out of the NodeClaim.
        let is_kept_out = matches!(key, "karpenter.sh/initialized" | "karpenter.sh/registered");
        is_reserved && !self.names_node_class(key) && !is_kept_out && !self.knows(key)
    }

    /// True if the label carries the name of the node class, which every node of the platform has. No pod may require it,
    /// and any may prefer it.
    #[must_use]
    pub fn names_node_class(self, key: &str) -> bool {
        let name = self.own(key);
        name.is_some_and(|name| matches!(name, "ec2nodeclass" | "nodeclass"))
    }

    /// Returns the domains whose labels belong to the platform.
    fn reserved_domains(self) -> impl Iterator<Item = &'static str> {
        let core = self.is_karpenter().then_some("karpenter.sh");
        core.into_iter().chain(self.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn each_platform_refuses_its_own_domains() {
        use Platform::{AutoMode, Karpenter, Listed, OtherKarpenter};
        for (key, refusing) in [
            (
                "kubernetes.io/hostname",
                &[Karpenter, AutoMode, OtherKarpenter][..],
            ),
            (
                "karpenter.sh/initialized",
                &[Karpenter, AutoMode, OtherKarpenter],
            ),
            (
                "node.karpenter.sh/x",
                &[Karpenter, AutoMode, OtherKarpenter],
            ),
            ("karpenter.k8s.aws/ec2nodeclass", &[Karpenter]),
            ("karpenter.k8s.aws/instance-colour", &[Karpenter]),
            ("x.karpenter.k8s.aws/y", &[Karpenter]),
            ("eks.amazonaws.com/nodegroup", &[AutoMode]),
            ("eks.amazonaws.com/nodeclass", &[AutoMode]),
            ("ai.eks.amazonaws.com/ami", &[AutoMode]),
            ("eks.amazonaws.com/instance-colour", &[AutoMode]),
            ("karpenter.sh/nodepool", &[]),
            ("karpenter.sh/capacity-type", &[]),
            ("karpenter.k8s.aws/instance-cpu", &[]),
            ("eks.amazonaws.com/instance-cpu", &[]),
            ("mykarpenter.sh/x", &[]),
            ("hostname", &[]),
        ] {
            for platform in [Karpenter, AutoMode, OtherKarpenter, Listed] {
                let refused = refusing.contains(&platform);
                assert_eq!(platform.refuses(key), refused, "{key} by {platform:?}");
            }
        }
    }

    /// A NodeClaim may name what a pod may not, and the other way round.
    #[test]
    fn the_api_server_restricts_other_labels_than_karpenter_refuses() {
        use Platform::{AutoMode, Karpenter, Listed, OtherKarpenter};
        for (key, restricting) in [
            (
                "karpenter.sh/nodepool-hash",
                &[Karpenter, AutoMode, OtherKarpenter][..],
            ),
            ("mykarpenter.sh/x", &[Karpenter, AutoMode, OtherKarpenter]),
            ("karpenter.k8s.aws/unheard-of", &[Karpenter]),
            ("karpenter.k8s.aws/ec2nodeclass", &[]),
            ("eks.amazonaws.com/capacityType", &[AutoMode]),
            ("kubernetes.io/hostname", &[]),
            ("karpenter.sh/initialized", &[]),
            ("karpenter.sh/nodepool", &[]),
            ("example.com/team", &[]),
        ] {
            for platform in [Karpenter, AutoMode, OtherKarpenter, Listed] {
                let restricted = restricting.contains(&platform);
                assert_eq!(platform.restricts(key), restricted, "{key} by {platform:?}");
            }
        }
    }

    #[test]
    fn each_platform_knows_its_own_labels() {
        for (key, by_karpenter, by_auto_mode) in [
            ("karpenter.k8s.aws/instance-family", true, false),
            ("eks.amazonaws.com/instance-family", false, true),
            ("eks.amazonaws.com/compute-type", false, true),
            ("karpenter.k8s.aws/placement-group-id", true, false),
            ("eks.amazonaws.com/nodegroup", false, false),
            ("karpenter.k8s.aws/instance-type", false, false),
            ("topology.k8s.aws/zone-id", true, true),
        ] {
            assert_eq!(Platform::Karpenter.knows(key), by_karpenter, "{key}");
            assert_eq!(Platform::AutoMode.knows(key), by_auto_mode, "{key}");
            if key.contains("amazonaws") || key.contains("k8s.aws/i") {
                assert!(!Platform::OtherKarpenter.knows(key), "{key}");
                assert!(!Platform::Listed.knows(key), "{key}");
            }
        }
    }
}
