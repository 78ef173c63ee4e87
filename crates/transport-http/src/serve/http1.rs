//! HTTP/1.1 connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::header;
use hyper::server::conn::http1::{Builder, Parts};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use zaqar_listener::Draining;

use super::activity::{ActivityTimer, Timeouts};
use super::activity_tracked::ActivityTracked;
use super::completion::run_to_completion;
use super::http2::Http2;
use super::linger::linger;
use super::options::ServeOptions;
use super::rewind::Rewind;
use crate::service::HttpService;

#[derive(Debug)]
pub(super) struct Http1 {
    service: HttpService,
    builder: Builder,
    timeouts: Timeouts,
}

impl Http1 {
    pub(super) fn new(service: HttpService, timeouts: Timeouts, options: &ServeOptions) -> Self {
        let mut builder = Builder::new();
        // A client may close its write half after its last request and still expects the response. `ActivityTimer`
        // enforces the timeouts without a timer per request.
        builder.half_close(true).header_read_timeout(None).max_header_size(options.max_header_bytes);
        if options.max_headers != ServeOptions::default().max_headers {
            // hyper's default limit equals ours, and is cheaper than an explicit limit.
            builder.max_headers(options.max_headers);
        }
        Self { service, builder, timeouts }
    }

    /// Serves a connection. If the client speaks HTTP/2, `http2` takes over.
    pub(super) async fn run<S>(
        &self,
        stream: S,
        peer: Option<SocketAddr>,
        mut draining: Draining,
        http2: &Http2,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(ActivityTimer::http1());
        let serve = service_fn(|request| {
            let (service, activity) = (&self.service, &activity);
            async move {
                let _request = activity.begin_request();
                let response = service.respond_to(peer, request).await;
                if response.headers().contains_key(header::CONNECTION) {
                    activity.mark_unread_input();
                }
                Ok::<_, Infallible>(response)
            }
        });
        let io = ActivityTracked::new(TokioIo::new(stream), Arc::clone(&activity));
        let mut connection = self.builder.serve_connection(io, serve);
        let timed_out = activity.timed_out(self.timeouts);
        let Some(outcome) = run_to_completion(Pin::new(&mut connection), timed_out, &mut draining).await
        else {
            return;
        };
        let Parts { io, read_buf, .. } = connection.into_parts();
        let stream = io.into_inner().into_inner();
        let refused = match outcome {
            // A client with prior knowledge of HTTP/2 starts with a preface of 24 bytes, which is not an HTTP/1.1
            // request. Clients send it in one piece; in several pieces it is rejected as a bad request.
            Err(error) if error.is_parse_version_h2() => {
                return Box::pin(http2.run(Rewind::new(read_buf, stream), peer, draining)).await;
            }
            Err(error) => {
                tracing::debug!(peer = peer.map(display), %error, "connection failed");
                error.is_parse()
            }
            Ok(()) => false,
        };
        if refused || activity.left_unread_input() {
            linger(stream).await;
        }
    }
}
