//! Every route, one after the other: who gets in, what the policy says, and that no project reaches another's.
//!
//! Which routes there are is read from the OpenAPI document, which is made from the route table. So a new route is
//! walked over as soon as it has a row there, and these tests fail by its name until `requests.rs` tells how to ask it
//! for something.

mod authentication;
mod headers;
mod keystone;
mod names;
mod openapi;
mod policy;
mod requests;
mod separation;
mod site;

/// One row of the route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: String,
    /// With names in braces.
    pub(crate) path: String,
    pub(crate) operation: String,
    pub(crate) policy_rule: Option<String>,
}

/// Routes where nobody is asked who they are. Nothing of a project is to be seen there.
pub(crate) const OPEN: &[&str] = &[
    "check_readiness",
    "head_check_readiness",
    "check_liveness",
    "head_check_liveness",
    "list_versions",
    "show_openapi",
];
