//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use http::header;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::linger::linger;
use super::metered::Metered;
use super::options::ServeOptions;
use super::pulse::{Patience, Pulse};
use crate::HttpService;

/// Where the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Requests in flight are answered, no others.
    Draining,
    /// Everything ends now.
    Closing,
}

/// What all connections have in common.
#[derive(Debug)]
pub(super) struct Connections {
    service: HttpService,
    builder: http1::Builder,
    patience: Patience,
}

impl Connections {
    pub(super) fn new(service: HttpService, options: &ServeOptions) -> Self {
        let mut builder = http1::Builder::new();
        // A client that has sent its last request may close its half and still wants the answer. The time limits are
        // `Pulse`'s, which costs no timer for each request.
        builder.half_close(true).header_read_timeout(None).max_header_size(options.max_header_bytes);
        if options.max_headers != ServeOptions::default().max_headers {
            // hyper's own bound is the same as our default, and cheaper than one that is set.
            builder.max_headers(options.max_headers);
        }
        let patience = Patience { head: options.header_read_timeout, idle: options.idle_timeout };
        Self { service, builder, patience }
    }

    pub(super) async fn run(&self, stream: TcpStream, mut phases: watch::Receiver<Phase>) {
        let pulse = Arc::new(Pulse::start());
        let serve = service_fn(|request| {
            let (service, pulse) = (&self.service, &pulse);
            async move {
                let _busy = pulse.busy();
                let response = service.respond(request).await;
                if response.headers().contains_key(header::CONNECTION) {
                    pulse.leaves_input_unread();
                }
                Ok::<_, Infallible>(response)
            }
        });
        let io = Metered::new(TokioIo::new(stream), Arc::clone(&pulse));
        let mut connection = self.builder.serve_connection(io, serve);
        let mut lost_patience = pin!(pulse.lost(self.patience));
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = &mut connection => break outcome,
                () = &mut lost_patience => return,
                changed = phases.changed() => {
                    if changed.is_err() || *phases.borrow_and_update() == Phase::Closing {
                        return;
                    }
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        if let Err(error) = &outcome {
            tracing::debug!(%error, "a connection ended badly");
        }
        let refused = outcome.is_err_and(|error| error.is_parse());
        let stream = connection.into_parts().io.into_inner().into_inner();
        if refused || pulse.has_left_input_unread() {
            tokio::select! {
                () = linger(stream) => {}
                _ = phases.wait_for(|phase| *phase == Phase::Closing) => {}
            }
        }
    }
}
