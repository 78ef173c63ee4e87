//! The WebSocket handshake: an HTTP/1.1 upgrade request, with at most 100 headers and 64 KiB.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use yawc::{Options, WebSocket};

use super::context::ConnectionContext;

const MAX_HEAD_BYTES: usize = 64 * 1024;

/// An upgraded connection, with the negotiated extensions.
pub(super) struct UpgradedConnection {
    pub(super) stream: TokioIo<Upgraded>,
    pub(super) extensions: Option<String>,
}

/// `None`: the handshake failed, and the client got an error response.
pub(super) async fn upgrade<S>(stream: S, context: &ConnectionContext) -> Option<UpgradedConnection>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let upgraded: Mutex<Option<(OnUpgrade, Option<String>)>> = Mutex::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let response = respond(&request, context);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let extensions = response.headers().get(header::SEC_WEBSOCKET_EXTENSIONS);
            let extensions = extensions.and_then(|agreed| agreed.to_str().ok()).map(str::to_owned);
            let upgrade = (hyper::upgrade::on(&mut request), extensions);
            *upgraded.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
        }
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let mut builder = Builder::new();
    builder.header_read_timeout(None).max_header_size(MAX_HEAD_BYTES);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    match tokio::time::timeout(context.options.handshake_timeout, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "WebSocket handshake failed"),
        Err(_) => tracing::debug!("WebSocket handshake timed out"),
    }
    let (upgrade, extensions) = upgraded.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    Some(UpgradedConnection { stream: TokioIo::new(upgrade.await.ok()?), extensions })
}

/// Negotiates the handshake. The library gets a copy of the head only, because it would keep the stream otherwise,
/// which is needed for closing the connection.
fn negotiate(
    request: &Request<Incoming>,
    frames: &Options,
) -> Result<Response<Full<Bytes>>, yawc::WebSocketError> {
    let mut head = Request::new(());
    head.headers_mut().clone_from(request.headers());
    let (response, _) = WebSocket::upgrade_with_options(&mut head, frames.clone())?;
    Ok(response.map(|_| Full::default()))
}

fn respond(request: &Request<Incoming>, context: &ConnectionContext) -> Response<Full<Bytes>> {
    let names = |name, value: &str| {
        let given = request.headers().get(name).and_then(|given: &HeaderValue| given.to_str().ok());
        given.is_some_and(|given| given.eq_ignore_ascii_case(value))
    };
    if request.method() != Method::GET || !names(header::UPGRADE, "websocket") {
        let mut refusal = error_response(StatusCode::UPGRADE_REQUIRED, "This port serves WebSocket only.");
        refusal.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return refusal;
    }
    if !has_expected_port(request, context.options.external_port) {
        return error_response(
            StatusCode::BAD_REQUEST,
            "The port in the Host header is not the port of this service.",
        );
    }
    match negotiate(request, &context.frames) {
        Ok(response) => response,
        Err(error) => error_response(
            StatusCode::BAD_REQUEST,
            &format!("This is not a valid WebSocket handshake: {error}."),
        ),
    }
}

/// Whether the port in `Host` is the external port, if one is set.
fn has_expected_port(request: &Request<Incoming>, external_port: Option<u16>) -> bool {
    let Some(port) = external_port else { return true };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let named = host.parse::<http::uri::Authority>().ok().and_then(|authority| authority.port_u16());
    // Without a port, it is the default port of the scheme.
    named.map_or(port == 80 || port == 443, |named| named == port)
}

fn error_response(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{text}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
