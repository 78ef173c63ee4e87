//! The log line of a request.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use zaqar_domain::names::Warnings;
use zaqar_model::{Caller, ClientId};

use crate::reply::Reply;

/// What has been found out about a request so far.
#[derive(Debug, Default)]
pub(crate) struct RequestInfo {
    /// The name of the action, if it is valid.
    pub(crate) route: Option<&'static str>,
    /// `None`: the request ended before authentication.
    pub(crate) caller: Option<Caller>,
    /// Warnings about unknown names in the request.
    pub(crate) warnings: Warnings,
}

macro_rules! line {
    ($level:ident, $text:literal, $peer:ident, $info:ident, $reply:ident, $duration:ident) => {{
        let caller = $info.caller.as_ref();
        tracing::$level!(
            project = caller.map(|caller| caller.project.as_str()),
            client = caller.and_then(|caller| caller.client.as_ref()).map(ClientId::as_str),
            peer = $peer.map(display),
            route = $info.route,
            status = $reply.status,
            milliseconds = zaqar_listener::milliseconds($duration),
            warnings = (!$info.warnings.is_empty()).then(|| display(&$info.warnings)),
            cause = $reply.cause.as_ref().map(|error| display(error.source().unwrap_or(error))),
            $text
        );
    }};
}

pub(crate) fn log(peer: Option<SocketAddr>, info: &RequestInfo, reply: &Reply, duration: Duration) {
    if reply.status >= 500 {
        line!(warn, "request failed", peer, info, reply, duration);
    } else if !info.warnings.is_empty() {
        line!(info, "request with unknown names", peer, info, reply, duration);
    } else {
        line!(debug, "request", peer, info, reply, duration);
    }
}
