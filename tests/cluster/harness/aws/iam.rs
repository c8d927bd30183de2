//! Instance profiles, each with at most one role.

use std::collections::BTreeMap;

use super::form::Form;
use super::xml::{Failure, tag, text};

/// The instance profiles by name.
#[derive(Default)]
pub(super) struct Iam {
    profiles: BTreeMap<String, Profile>,
}

struct Profile {
    path: String,
    role: Option<String>,
}

impl Iam {
    /// Answers a call; `None` if it is none of these.
    pub(super) fn call(&mut self, action: &str, form: &Form) -> Option<Result<String, Failure>> {
        let name = form.get("InstanceProfileName");
        if action == "CreateInstanceProfile" {
            let path = form.get("Path").to_owned();
            let profile = Profile { path, role: None };
            self.profiles.insert(name.to_owned(), profile);
        }
        if action == "ListInstanceProfiles" {
            let profiles = self.profiles.iter();
            let members = profiles.map(|(name, profile)| tag("member", described(name, profile)));
            let profiles = tag("InstanceProfiles", members.collect::<String>());
            return Some(Ok(profiles + &tag("IsTruncated", false)));
        }
        if action == "GetRole" {
            return Some(Ok(tag("Role", role(form.get("RoleName")))));
        }
        let Some(profile) = self.profiles.get_mut(name) else {
            let is_known = action.ends_with("InstanceProfile");
            return is_known.then(|| Err(Failure::new("NoSuchEntity", name)));
        };
        match action {
            "CreateInstanceProfile" | "GetInstanceProfile" => {
                return Some(Ok(tag("InstanceProfile", described(name, profile))));
            }
            "AddRoleToInstanceProfile" => profile.role = Some(form.get("RoleName").to_owned()),
            "RemoveRoleFromInstanceProfile" => profile.role = None,
            "DeleteInstanceProfile" => drop(self.profiles.remove(name)),
            "TagInstanceProfile" => {}
            _ => return None,
        }
        Some(Ok(String::new()))
    }
}

fn described(name: &str, profile: &Profile) -> String {
    let roles = profile.role.iter().map(|name| tag("member", role(name)));
    [
        text("InstanceProfileName", name),
        tag("InstanceProfileId", "AIPA00000000000000001"),
        text(
            "Arn",
            &format!("arn:aws:iam::123456789012:instance-profile/{name}"),
        ),
        text("Path", &profile.path),
        tag("CreateDate", "2026-01-01T00:00:00Z"),
        tag("Roles", roles.collect::<String>()),
    ]
    .concat()
}

fn role(name: &str) -> String {
    [
        text("RoleName", name),
        tag("RoleId", "AROA00000000000000001"),
        text("Arn", &format!("arn:aws:iam::123456789012:role/{name}")),
        tag("Path", "/"),
        tag("CreateDate", "2026-01-01T00:00:00Z"),
    ]
    .concat()
}
