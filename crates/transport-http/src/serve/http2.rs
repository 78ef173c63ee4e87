//! A connection of HTTP/2: many requests at a time, each a stream.
//!
//! What a client may do to it without end (streams that are reset at once, headers in ever more pieces) is bounded by
//! the library below; the connection is closed then.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use zaqar_listener::Draining;

use super::connections::to_its_end;
use super::linger::discard;
use super::metered::Metered;
use super::options::ServeOptions;
use super::pulse::{Patience, Pulse};
use crate::HttpService;

/// Its name in the handshake of TLS.
pub(super) const ALPN: &[u8] = b"h2";

#[derive(Debug)]
pub(super) struct Http2 {
    service: HttpService,
    builder: Builder<TokioExecutor>,
    patience: Patience,
    max_headers: usize,
}

impl Http2 {
    pub(super) fn new(service: HttpService, patience: Patience, options: &ServeOptions) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .max_concurrent_streams(options.max_http2_streams)
            .max_header_list_size(u32::try_from(options.max_header_bytes).unwrap_or(u32::MAX));
        Self { service, builder, patience, max_headers: options.max_headers }
    }

    pub(super) async fn run<S>(&self, stream: S, peer: Option<SocketAddr>, mut draining: Draining)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Arc::new(Pulse::of_streams());
        let serve = service_fn(|request| {
            let (service, pulse, max_headers) = (self.service.clone(), Arc::clone(&pulse), self.max_headers);
            async move {
                let _busy = pulse.busy();
                Ok::<_, Infallible>(respond(&service, peer, request, max_headers).await)
            }
        });
        let io = Metered::new(TokioIo::new(stream), Arc::clone(&pulse));
        let connection = pin!(self.builder.serve_connection(io, serve));
        let lost_patience = pulse.lost(self.patience);
        if let Some(Err(error)) = to_its_end(connection, lost_patience, &mut draining).await {
            tracing::debug!(peer = peer.map(display), %error, "a connection ended badly");
        }
    }
}

async fn respond(
    service: &HttpService,
    peer: Option<SocketAddr>,
    request: Request<Incoming>,
    max_headers: usize,
) -> Response<Full<Bytes>> {
    if request.headers().len() > max_headers {
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return refusal;
    }
    let (head, mut body) = request.into_parts();
    let mut response = service.respond_to(peer, Request::from_parts(head, &mut body)).await;
    if !body.is_end_stream() {
        tokio::spawn(discard(body));
    }
    // Only the stream ends with an answer, never the connection.
    response.headers_mut().remove(header::CONNECTION);
    response
}
