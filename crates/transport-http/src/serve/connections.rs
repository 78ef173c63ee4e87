//! Selects the protocol of each connection.

use tokio::net::TcpStream;
use zaqar_listener::{Draining, TlsConnection, Transport};

use super::activity::Timeouts;
use super::http1::Http1;
use super::http2::{self, Http2};
use super::options::ServeOptions;
use crate::service::HttpService;

/// The ALPN protocol names, in order of preference.
pub const PROTOCOLS: [&[u8]; 2] = [http2::ALPN, b"http/1.1"];

/// The protocols of all connections.
#[derive(Debug)]
pub(super) struct Connections {
    http1: Http1,
    http2: Http2,
}

impl Connections {
    pub(super) fn new(service: HttpService, options: &ServeOptions) -> Self {
        let timeouts = Timeouts { head: options.header_read_timeout, idle: options.idle_timeout };
        Self {
            http1: Http1::new(service.clone(), timeouts, options),
            http2: Http2::new(service, timeouts, options),
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
