//! A connection of HTTP/1.1: one request after the other.

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

use super::connections::to_its_end;
use super::http2::Http2;
use super::linger::linger;
use super::metered::Metered;
use super::options::ServeOptions;
use super::pulse::{Patience, Pulse};
use super::rewound::Rewound;
use crate::HttpService;

#[derive(Debug)]
pub(super) struct Http1 {
    service: HttpService,
    builder: Builder,
    patience: Patience,
}

impl Http1 {
    pub(super) fn new(service: HttpService, patience: Patience, options: &ServeOptions) -> Self {
        let mut builder = Builder::new();
        // A client that has sent its last request may close its half and still wants the answer. The time limits are
        // `Pulse`'s, which costs no timer for each request.
        builder.half_close(true).header_read_timeout(None).max_header_size(options.max_header_bytes);
        if options.max_headers != ServeOptions::default().max_headers {
            // hyper's own bound is the same as our default, and cheaper than one that is set.
            builder.max_headers(options.max_headers);
        }
        Self { service, builder, patience }
    }

    /// Serves the connection; a client that turns out to speak HTTP/2 is passed on.
    pub(super) async fn run<S>(
        &self,
        stream: S,
        peer: Option<SocketAddr>,
        mut draining: Draining,
        http2: &Http2,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Arc::new(Pulse::start());
        let serve = service_fn(|request| {
            let (service, pulse) = (&self.service, &pulse);
            async move {
                let _busy = pulse.busy();
                let response = service.respond_to(peer, request).await;
                if response.headers().contains_key(header::CONNECTION) {
                    pulse.leaves_input_unread();
                }
                Ok::<_, Infallible>(response)
            }
        });
        let io = Metered::new(TokioIo::new(stream), Arc::clone(&pulse));
        let mut connection = self.builder.serve_connection(io, serve);
        let lost_patience = pulse.lost(self.patience);
        let Some(outcome) = to_its_end(Pin::new(&mut connection), lost_patience, &mut draining).await else {
            return;
        };
        let Parts { io, read_buf, .. } = connection.into_parts();
        let stream = io.into_inner().into_inner();
        let refused = match outcome {
            // Who knows beforehand that we speak HTTP/2 says so with its 24 first bytes, which are no request of HTTP/1.1.
            // Clients send them in one piece; in several they are refused as a bad request.
            Err(error) if error.is_parse_version_h2() => {
                return Box::pin(http2.run(Rewound::new(read_buf, stream), peer, draining)).await;
            }
            Err(error) => {
                tracing::debug!(peer = peer.map(display), %error, "a connection ended badly");
                error.is_parse()
            }
            Ok(()) => false,
        };
        if refused || pulse.has_left_input_unread() {
            linger(stream).await;
        }
    }
}
