//! Tests of every route: authentication, policy, and separation of projects.
//!
//! The routes come from the OpenAPI document, which is generated from the route table. So a new route is tested as soon
//! as it has a row there, and these tests fail with its name until `requests.rs` has a request for it.

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
    /// The path, with parameters in braces.
    pub(crate) path: String,
    pub(crate) operation: String,
    pub(crate) policy_rule: Option<String>,
}

/// Routes without authentication. They show nothing of a project.
pub(crate) const OPEN: &[&str] = &[
    "check_readiness",
    "head_check_readiness",
    "check_liveness",
    "head_check_liveness",
    "list_versions",
    "show_openapi",
];
