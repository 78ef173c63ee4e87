//! Connections, from their first request to their last.

use std::future::Future;
use std::pin::{Pin, pin};

use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;
use zaqar_listener::{Draining, TlsConnection, Transport};

use super::http1::Http1;
use super::http2::{self, Http2};
use super::options::ServeOptions;
use super::pulse::Patience;
use crate::HttpService;

/// What is spoken on a secured connection, the preferred first: the names for a configuration's ALPN.
pub const PROTOCOLS: [&[u8]; 2] = [http2::ALPN, b"http/1.1"];

/// What all connections have in common.
#[derive(Debug)]
pub(super) struct Connections {
    http1: Http1,
    http2: Http2,
}

impl Connections {
    pub(super) fn new(service: HttpService, options: &ServeOptions) -> Self {
        let patience = Patience { head: options.header_read_timeout, idle: options.idle_timeout };
        Self {
            http1: Http1::new(service.clone(), patience, options),
            http2: Http2::new(service, patience, options),
        }
    }
}

impl Transport for Connections {
    const CONNECTIONS: &'static str = "connections";

    async fn serve_plain(&self, stream: TcpStream, draining: Draining) {
        let peer = stream.peer_addr().ok();
        self.http1.run(stream, peer, draining, &self.http2).await;
    }

    async fn serve_tls(&self, stream: TlsConnection, draining: Draining) {
        let peer = stream.get_ref().0.peer_addr().ok();
        if stream.get_ref().1.alpn_protocol() == Some(http2::ALPN) {
            self.http2.run(stream, peer, draining).await;
        } else {
            self.http1.run(stream, peer, draining, &self.http2).await;
        }
    }
}

/// Serves a connection until it ends, asking it to when the server stops. `None`: patience with it was lost.
pub(super) async fn to_its_end<C: GracefulConnection>(
    mut connection: Pin<&mut C>,
    lost_patience: impl Future<Output = ()>,
    draining: &mut Draining,
) -> Option<Result<(), C::Error>> {
    let mut lost_patience = pin!(lost_patience);
    tokio::select! {
        biased;
        // A connection that comes when the server drains already has no request in flight.
        outcome = connection.as_mut(), if !draining.has_begun() => return Some(outcome),
        () = &mut lost_patience => return None,
        () = draining.begun() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        biased;
        outcome = connection => Some(outcome),
        () = lost_patience => None,
    }
}
