//! Whether a check holds for a caller.

use std::collections::HashMap;

use zaqar_model::Caller;

use super::check::{Check, Target};

/// The rules by name, with the one that stands for those that there are not.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) by_name: HashMap<String, Check>,
    pub(crate) default_rule: String,
}

impl Rules {
    /// What the rule of this name demands: the default rule stands in for one that does not exist.
    pub(crate) fn find(&self, name: &str) -> Option<&Check> {
        self.by_name.get(name).or_else(|| self.by_name.get(&self.default_rule))
    }

    /// The tree must have been measured: one that leads back to itself would never end.
    pub(crate) fn hold(&self, check: &Check, caller: &Caller, target: &Target<'_>) -> bool {
        match check {
            Check::Always => true,
            Check::Never => false,
            Check::Not(inner) => !self.hold(inner, caller, target),
            Check::All(checks) => checks.iter().all(|check| self.hold(check, caller, target)),
            Check::Any(checks) => checks.iter().any(|check| self.hold(check, caller, target)),
            Check::Rule(name) => self.find(name).is_some_and(|check| self.hold(check, caller, target)),
            Check::Role(role) => role.fill(target).is_some_and(|role| caller.has_role(&role)),
            Check::Constant(value, wanted) => wanted.fill(target).is_some_and(|wanted| wanted == *value),
            Check::Attribute(name, wanted) => {
                wanted.fill(target).is_some_and(|wanted| has_attribute(caller, name, &wanted))
            }
        }
    }
}

/// The names that [`has_attribute`] knows.
pub(crate) const ATTRIBUTES: [&str; 18] = [
    "client_id",
    "domain",
    "domain_id",
    "is_admin",
    "is_admin_project",
    "project",
    "project_domain",
    "project_domain_id",
    "project_id",
    "read_only",
    "roles",
    "show_deleted",
    "system",
    "system_scope",
    "user",
    "user_domain",
    "user_domain_id",
    "user_id",
];

/// Whether what is known of the caller under this name reads `wanted`, in Python's spelling: what is not known is
/// `None`. Of a list, one element is enough.
fn has_attribute(caller: &Caller, name: &str, wanted: &str) -> bool {
    let identity = &caller.identity;
    let value = match name {
        "roles" => return caller.roles.iter().any(|role| role == wanted),
        // Only there for those who have it.
        "system" => return identity.system_scope.as_deref().is_some_and(|scope| scope == wanted),
        "project" | "project_id" => Some(caller.project.as_str()),
        "client_id" => caller.client.as_ref().map(|client| client.as_str()),
        "user" | "user_id" => identity.user.as_deref(),
        "domain" | "domain_id" => identity.domain.as_deref(),
        "user_domain" | "user_domain_id" => identity.user_domain.as_deref(),
        "project_domain" | "project_domain_id" => identity.project_domain.as_deref(),
        "system_scope" => identity.system_scope.as_deref(),
        "is_admin" | "read_only" | "show_deleted" => Some("False"),
        "is_admin_project" => Some("True"),
        _ => return false,
    };
    value.unwrap_or("None") == wanted
}
