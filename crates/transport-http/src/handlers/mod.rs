//! The handlers, a file a noun: each reads a request, calls the domain and writes the answer.

pub(crate) mod claims;
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
