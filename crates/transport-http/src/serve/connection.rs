//! One connection, from its first byte to its last.

use std::future::Future;
use std::pin::{Pin, pin};

use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::http1::Http1;
use super::http2::Http2;
use super::options::ServeOptions;
use super::pulse::Patience;
use super::tls::Handshake;
use super::{Tls, http2};
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
    handshake: Option<Handshake>,
    http1: Http1,
    http2: Http2,
}

impl Connections {
    pub(super) fn new(service: HttpService, tls: Option<Tls>, options: &ServeOptions) -> Self {
        let patience = Patience { head: options.header_read_timeout, idle: options.idle_timeout };
        Self {
            handshake: tls.map(|tls| Handshake { tls, timeout: options.tls_handshake_timeout }),
            http1: Http1::new(service.clone(), patience, options),
            http2: Http2::new(service, patience, options),
        }
    }

    pub(super) async fn run(&self, stream: TcpStream, mut phases: watch::Receiver<Phase>) {
        match &self.handshake {
            None => self.http1.run(stream, &mut phases, &self.http2).await,
            // In boxes, so that connections without TLS do not carry the room for it.
            Some(handshake) => Box::pin(self.run_secured(handshake, stream, &mut phases)).await,
        }
    }

    async fn run_secured(
        &self,
        handshake: &Handshake,
        stream: TcpStream,
        phases: &mut watch::Receiver<Phase>,
    ) {
        let secured = tokio::select! {
            secured = handshake.run(stream) => secured,
            _ = phases.wait_for(|phase| *phase != Phase::Serving) => None,
        };
        let Some(stream) = secured else { return };
        if stream.get_ref().1.alpn_protocol() == Some(http2::ALPN) {
            self.http2.run(stream, phases).await;
        } else {
            self.http1.run(stream, phases, &self.http2).await;
        }
    }
}

/// Serves a connection until it ends, asking it to when the server stops. `None`: it was cut off.
pub(super) async fn to_its_end<C: GracefulConnection>(
    mut connection: Pin<&mut C>,
    lost_patience: impl Future<Output = ()>,
    phases: &mut watch::Receiver<Phase>,
) -> Option<Result<(), C::Error>> {
    let mut lost_patience = pin!(lost_patience);
    if *phases.borrow_and_update() != Phase::Serving {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => return Some(outcome),
            () = &mut lost_patience => return None,
            changed = phases.changed() => {
                if changed.is_err() || *phases.borrow_and_update() == Phase::Closing {
                    return None;
                }
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
