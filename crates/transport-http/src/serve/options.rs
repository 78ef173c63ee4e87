//! What of the connections can be set.

use std::time::Duration;

/// Limits on what is spoken on a connection. Times run from when something last happened.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// Once a request has begun, its head must be complete in this time (checked that often: at most twice as long).
    pub header_read_timeout: Duration,
    /// A connection on which nothing happens for so long is closed.
    pub idle_timeout: Duration,
    /// So many requests of one connection of HTTP/2 are served at a time.
    pub max_http2_streams: u32,
    /// A request with more headers, or with more bytes before its body, is refused with 431.
    pub max_headers: usize,
    pub max_header_bytes: usize,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            max_http2_streams: 100,
            max_headers: 100,
            max_header_bytes: 64 * 1024,
        }
    }
}
