//! The options of connections.

use std::time::Duration;

/// Limits of a connection. Timeouts count from the last activity.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// Timeout for receiving the head of a request. It is checked at this interval, so it may take up to twice as long.
    pub header_read_timeout: Duration,
    /// A connection that is idle for this time is closed.
    pub idle_timeout: Duration,
    /// Maximum number of concurrent requests on one HTTP/2 connection.
    pub max_http2_streams: u32,
    /// A request with more headers, or with a larger head, is rejected with 431.
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
