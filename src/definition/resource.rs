//! The names by which the API server serves policies.

/// The API group of policies.
pub const GROUP: &str = "placement.truemark.io";
/// The only version of the group.
pub const VERSION: &str = "v1alpha1";
/// The resource, as paths and RBAC rules name it.
pub const PLURAL: &str = "placementpolicies";
/// The name of the policy in force. The API server accepts no other: two policies beside each other would have no
/// meaning.
pub const NAME: &str = "default";

#[cfg(test)]
mod tests {
    use super::{GROUP, VERSION};
    use crate::names::API_VERSION;

    #[test]
    fn group_and_version_are_those_of_the_policy() {
        assert_eq!(API_VERSION, format!("{GROUP}/{VERSION}"));
    }
}
