//! The line about a request: who asked for what, and what became of it.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use zaqar_domain::names::Warnings;
use zaqar_model::{Caller, ClientId};

use crate::reply::Reply;

/// What is learned of a request on the way to its reply.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// The name of the action, if it is one.
    pub(crate) route: Option<&'static str>,
    /// `None`: the request was answered before it was known who asks.
    pub(crate) caller: Option<Caller>,
    /// What the reply says of names that nobody knows.
    pub(crate) warnings: Warnings,
}

macro_rules! line {
    ($level:ident, $text:literal, $peer:ident, $learned:ident, $reply:ident, $duration:ident) => {{
        let caller = $learned.caller.as_ref();
        tracing::$level!(
            project = caller.map(|caller| caller.project.as_str()),
            client = caller.and_then(|caller| caller.client.as_ref()).map(ClientId::as_str),
            peer = $peer.map(display),
            route = $learned.route,
            status = $reply.status,
            milliseconds = zaqar_listener::milliseconds($duration),
            warnings = (!$learned.warnings.is_empty()).then(|| display(&$learned.warnings)),
            cause = $reply.cause.as_ref().map(|error| display(error.source().unwrap_or(error))),
            $text
        );
    }};
}

pub(crate) fn log(peer: Option<SocketAddr>, learned: &Learned, reply: &Reply, duration: Duration) {
    if reply.status >= 500 {
        line!(warn, "request failed", peer, learned, reply, duration);
    } else if !learned.warnings.is_empty() {
        line!(info, "request with unknown names", peer, learned, reply, duration);
    } else {
        line!(debug, "request", peer, learned, reply, duration);
    }
}
