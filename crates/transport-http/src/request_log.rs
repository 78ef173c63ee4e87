//! The line about a request: who asked for what, and what became of it.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use http::{StatusCode, request};
use zaqar_domain::names::Warnings;
use zaqar_model::{Caller, ClientId};

use crate::request_id::{RequestId, global_request_id};

/// What is learned of a request on the way to its answer.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// The path with names in braces, as in the route table.
    pub(crate) route: Option<&'static str>,
    /// `None`: the request was answered before it was known who asks.
    pub(crate) caller: Option<Caller>,
    /// What the answer says of names that nobody knows.
    pub(crate) warnings: Warnings,
}

/// A request that has its answer.
pub(crate) struct Answered<'r> {
    pub(crate) id: RequestId,
    pub(crate) head: &'r request::Parts,
    /// The other end of the connection.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) learned: &'r Learned,
    pub(crate) status: StatusCode,
    pub(crate) duration: Duration,
    pub(crate) cause: Option<&'r (dyn Error + Send + Sync)>,
}

macro_rules! line {
    ($level:ident, $answered:ident, $text:literal) => {{
        let Answered { id, head, peer, learned, status, duration, cause } = $answered;
        let caller = learned.caller.as_ref();
        tracing::$level!(
            request_id = %id,
            global_request_id = global_request_id(&head.headers),
            project = caller.map(|caller| caller.project.as_str()),
            client = caller.and_then(|caller| caller.client.as_ref()).map(ClientId::as_str),
            peer = peer.map(display),
            method = %head.method,
            route = learned.route,
            path = head.uri.path(),
            status = status.as_u16(),
            milliseconds = zaqar_listener::milliseconds(*duration),
            warnings = (!learned.warnings.is_empty()).then(|| display(&learned.warnings)),
            cause = cause.map(display),
            $text
        );
    }};
}

/// `slow`: a request that takes longer is slow.
pub(crate) fn log(answered: &Answered<'_>, slow: Duration) {
    let is_probe = answered.head.uri.path().starts_with("/healthcheck");
    if answered.status.is_server_error() && !is_probe {
        line!(warn, answered, "request failed");
    } else if answered.duration > slow {
        line!(warn, answered, "slow request");
    } else if !answered.learned.warnings.is_empty() {
        line!(info, answered, "request with unknown names");
    } else {
        line!(debug, answered, "request");
    }
}
