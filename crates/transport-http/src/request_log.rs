//! The log line of a request.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use http::{StatusCode, request};
use zaqar_domain::names::Warnings;
use zaqar_model::{Caller, ClientId};

use crate::request_id::{RequestId, global_request_id};

/// What has been found out about a request so far.
#[derive(Debug, Default)]
pub(crate) struct RequestInfo {
    /// The path in the route table, with parameters in braces.
    pub(crate) route: Option<&'static str>,
    /// `None`: the request ended before authentication.
    pub(crate) caller: Option<Caller>,
    /// Warnings about unknown names in the request.
    pub(crate) warnings: Warnings,
}

/// A completed request.
pub(crate) struct CompletedRequest<'r> {
    pub(crate) id: RequestId,
    pub(crate) head: &'r request::Parts,
    /// The address of the client.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) info: &'r RequestInfo,
    pub(crate) status: StatusCode,
    pub(crate) duration: Duration,
    pub(crate) cause: Option<&'r (dyn Error + Send + Sync)>,
}

macro_rules! line {
    ($level:ident, $completed:ident, $text:literal) => {{
        let CompletedRequest { id, head, peer, info, status, duration, cause } = $completed;
        let caller = info.caller.as_ref();
        tracing::$level!(
            request_id = %id,
            global_request_id = global_request_id(&head.headers),
            project = caller.map(|caller| caller.project.as_str()),
            client = caller.and_then(|caller| caller.client.as_ref()).map(ClientId::as_str),
            peer = peer.map(display),
            method = %head.method,
            route = info.route,
            path = head.uri.path(),
            status = status.as_u16(),
            milliseconds = zaqar_listener::milliseconds(*duration),
            warnings = (!info.warnings.is_empty()).then(|| display(&info.warnings)),
            cause = cause.map(display),
            $text
        );
    }};
}

/// `slow`: requests that take longer are logged as slow.
pub(crate) fn log(completed: &CompletedRequest<'_>, slow: Duration) {
    let is_probe = completed.head.uri.path().starts_with("/healthcheck");
    if completed.status.is_server_error() && !is_probe {
        line!(warn, completed, "request failed");
    } else if completed.duration > slow {
        line!(warn, completed, "slow request");
    } else if !completed.info.warnings.is_empty() {
        line!(info, completed, "request with unknown names");
    } else {
        line!(debug, completed, "request");
    }
}
