//! What of the connections can be set.

use std::time::Duration;

use tokio::sync::Semaphore;

/// Bounds on connections. Times run from when something last happened.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// Once a request has begun, its head must be complete in this time (checked that often: at most twice as long).
    pub header_read_timeout: Duration,
    /// A connection on which nothing happens for so long is closed.
    pub idle_timeout: Duration,
    /// More than so many connections wait to be accepted.
    pub max_connections: usize,
    /// A client of TLS must have introduced itself in this time.
    pub tls_handshake_timeout: Duration,
    /// So many requests of one connection of HTTP/2 are served at a time.
    pub max_http2_streams: u32,
    /// A request with more headers, or with more bytes before its body, is refused with 431.
    pub max_headers: usize,
    pub max_header_bytes: usize,
    /// How long requests in flight may take when the server stops.
    pub drain_timeout: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            max_connections: 10_000,
            tls_handshake_timeout: Duration::from_secs(10),
            max_http2_streams: 100,
            max_headers: 100,
            max_header_bytes: 64 * 1024,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl ServeOptions {
    pub(super) fn places(&self) -> usize {
        let max = Semaphore::MAX_PERMITS.min(usize::try_from(u32::MAX).unwrap_or(usize::MAX));
        self.max_connections.clamp(1, max)
    }
}
