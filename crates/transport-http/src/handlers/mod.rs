//! The handlers, one file per noun. A handler reads a request, calls the domain and writes the response.

pub(crate) mod claims;
pub(crate) mod deliveries;
pub(crate) mod documents;
pub(crate) mod flavors;
pub(crate) mod health;
pub(crate) mod healthcheck;
pub(crate) mod home;
pub(crate) mod messages;
pub(crate) mod ping;
pub(crate) mod pools;
pub(crate) mod queues;
pub(crate) mod share;
pub(crate) mod subscriptions;
pub(crate) mod versions;
