//! HTTP/2 connections, with one stream per request.
//!
//! The HTTP library limits abuse, such as rapidly reset streams and endless header fragments, and closes the
//! connection.

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

use super::activity::{ActivityTimer, Timeouts};
use super::activity_tracked::ActivityTracked;
use super::completion::run_to_completion;
use super::linger::discard;
use super::options::ServeOptions;
use crate::service::HttpService;

/// The ALPN protocol name.
pub(super) const ALPN: &[u8] = b"h2";

#[derive(Debug)]
pub(super) struct Http2 {
    service: HttpService,
    builder: Builder<TokioExecutor>,
    timeouts: Timeouts,
    max_headers: usize,
}

impl Http2 {
    pub(super) fn new(service: HttpService, timeouts: Timeouts, options: &ServeOptions) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .max_concurrent_streams(options.max_http2_streams)
            .max_header_list_size(u32::try_from(options.max_header_bytes).unwrap_or(u32::MAX));
        Self { service, builder, timeouts, max_headers: options.max_headers }
    }

    pub(super) async fn run<S>(&self, stream: S, peer: Option<SocketAddr>, mut draining: Draining)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(ActivityTimer::http2());
        let serve = service_fn(|request| {
            let (service, activity, max_headers) =
                (self.service.clone(), Arc::clone(&activity), self.max_headers);
            async move {
                let _request = activity.begin_request();
                Ok::<_, Infallible>(respond(&service, peer, request, max_headers).await)
            }
        });
        let io = ActivityTracked::new(TokioIo::new(stream), Arc::clone(&activity));
        let connection = pin!(self.builder.serve_connection(io, serve));
        let timed_out = activity.timed_out(self.timeouts);
        if let Some(Err(error)) = run_to_completion(connection, timed_out, &mut draining).await {
            tracing::debug!(peer = peer.map(display), %error, "connection failed");
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
    // A response ends the stream only, never the connection.
    response.headers_mut().remove(header::CONNECTION);
    response
}
