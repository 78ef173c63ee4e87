//! How a connection becomes a WebSocket: a request of HTTP/1.1 that asks for it. The bounds on that request are the
//! library's: a hundred headers in 64 KiB.

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

use super::Site;

const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A connection that became a WebSocket, and the extensions that were agreed on.
pub(super) struct Granted {
    pub(super) stream: TokioIo<Upgraded>,
    pub(super) extensions: Option<String>,
}

/// `None`: it became none, and the client was told why.
pub(super) async fn upgrade<S>(stream: S, site: &Site) -> Option<Granted>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let granted: Mutex<Option<(OnUpgrade, Option<String>)>> = Mutex::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let response = answer(&request, site);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let extensions = response.headers().get(header::SEC_WEBSOCKET_EXTENSIONS);
            let extensions = extensions.and_then(|agreed| agreed.to_str().ok()).map(str::to_owned);
            let upgrade = (hyper::upgrade::on(&mut request), extensions);
            *granted.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
        }
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let mut builder = Builder::new();
    builder.header_read_timeout(None).max_header_size(MAX_HEAD_BYTES);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    match tokio::time::timeout(site.options.handshake_timeout, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended before it was a WebSocket"),
        Err(_) => tracing::debug!("a connection did not become a WebSocket in time"),
    }
    let (upgrade, extensions) = granted.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    Some(Granted { stream: TokioIo::new(upgrade.await.ok()?), extensions })
}

/// What the library makes of the request. It gets a copy of the head only, since it would keep the stream to itself, and we
/// want it back when the conversation is over.
fn agree(
    request: &Request<Incoming>,
    frames: &Options,
) -> Result<Response<Full<Bytes>>, yawc::WebSocketError> {
    let mut head = Request::new(());
    head.headers_mut().clone_from(request.headers());
    let (response, _) = WebSocket::upgrade_with_options(&mut head, frames.clone())?;
    Ok(response.map(|_| Full::default()))
}

fn answer(request: &Request<Incoming>, site: &Site) -> Response<Full<Bytes>> {
    let names = |name, value: &str| {
        let given = request.headers().get(name).and_then(|given: &HeaderValue| given.to_str().ok());
        given.is_some_and(|given| given.eq_ignore_ascii_case(value))
    };
    if request.method() != Method::GET || !names(header::UPGRADE, "websocket") {
        let mut refusal = refuse(StatusCode::UPGRADE_REQUIRED, "This port speaks WebSocket only.");
        refusal.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return refusal;
    }
    if !names_port(request, site.options.external_port) {
        return refuse(StatusCode::BAD_REQUEST, "The port in the header Host is not that of this service.");
    }
    match agree(request, &site.frames) {
        Ok(response) => response,
        Err(error) => {
            refuse(StatusCode::BAD_REQUEST, &format!("This is no handshake of WebSocket: {error}."))
        }
    }
}

/// Whether the client asks for this service by the port that it is known by, where one is set.
fn names_port(request: &Request<Incoming>, external_port: Option<u16>) -> bool {
    let Some(port) = external_port else { return true };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let named = host.parse::<http::uri::Authority>().ok().and_then(|authority| authority.port_u16());
    // Without one it is the scheme's own.
    named.map_or(port == 80 || port == 443, |named| named == port)
}

fn refuse(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{text}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
