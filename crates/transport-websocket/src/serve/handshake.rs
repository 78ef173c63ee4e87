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
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::WebSocketOptions;

const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Idle connections keep a buffer of this size.
const READ_BUFFER: usize = 4 * 1024;

/// `None`: it became none, and the client was told why.
pub(super) async fn upgrade<S>(stream: S, options: &WebSocketOptions) -> Option<WebSocketStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let granted: Mutex<Option<OnUpgrade>> = Mutex::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let response = answer(&request, options.external_port);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let upgrade = hyper::upgrade::on(&mut request);
            *granted.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
        }
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let mut builder = Builder::new();
    builder.header_read_timeout(None).max_header_size(MAX_HEAD_BYTES);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    match tokio::time::timeout(options.handshake_timeout, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended before it was a WebSocket"),
        Err(_) => tracing::debug!("a connection did not become a WebSocket in time"),
    }
    let granted = granted.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    let parts = granted.await.ok()?.downcast::<TokioIo<S>>().ok()?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        // Every reply is sent at once.
        .write_buffer_size(0)
        .max_message_size(Some(options.max_message_bytes))
        .max_frame_size(Some(options.max_message_bytes));
    let (stream, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
    Some(WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await)
}

fn answer(request: &Request<Incoming>, external_port: Option<u16>) -> Response<Full<Bytes>> {
    let names = |name, value: &str| {
        let given = request.headers().get(name).and_then(|given: &HeaderValue| given.to_str().ok());
        given.is_some_and(|given| given.eq_ignore_ascii_case(value))
    };
    if request.method() != Method::GET || !names(header::UPGRADE, "websocket") {
        let mut refusal = refuse(StatusCode::UPGRADE_REQUIRED, "This port speaks WebSocket only.");
        refusal.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return refusal;
    }
    if !names_port(request, external_port) {
        return refuse(StatusCode::BAD_REQUEST, "The port in the header Host is not that of this service.");
    }
    match create_response_with_body(request, Full::default) {
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
