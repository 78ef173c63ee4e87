//! What is asked of the servers, and how long.

use std::time::Duration;

use redis::Cmd;

use super::Replicas;
use super::node::BackOff;
use crate::scripts::Script;

/// Whether a request changes something: one of which it is not known whether it was done is made again only if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Read,
    Write,
}

/// A command on keys with one tag, and the script that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) tag: String,
    pub(crate) command: Cmd,
    pub(crate) script: Option<&'static Script>,
}

/// How patient the store is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For how long the answer to a request is waited for.
    pub(crate) answer: Duration,
    /// For how long a request is tried as long as nothing is sent.
    pub(crate) request: Duration,
    pub(crate) back_off: BackOff,
    pub(crate) replicas: Replicas,
}
