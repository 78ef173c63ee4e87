//! `[drivers:transport:wsgi]`: the listener of the REST interface and the limits of its connections. The limits of
//! requests are in `transport.rs`.

use crate::section::section;

section! {
    /// The REST interface. Upstream has `bind` and `port` and leaves the rest to its web server.
    pub struct Wsgi;

    /// The address to listen on.
    bind: String = "127.0.0.1", host_address();

    /// The TCP port to listen on. 0 lets the system choose.
    port: u16 = 8888;

    /// Maximum number of open connections. Further ones wait to be accepted.
    max_connections: u32 = 10_000, at_least(1);

    /// Timeout for receiving the head of a request, in seconds.
    header_timeout: u64 = 30, at_least(1);

    /// How long an idle connection is kept open, in seconds.
    idle_timeout: u64 = 75, at_least(1);

    /// Timeout for receiving the body of a request, in seconds.
    body_timeout: u64 = 30, at_least(1);

    /// Timeout of the TLS handshake, in seconds.
    tls_handshake_timeout: u64 = 10, at_least(1);

    /// Maximum number of concurrent requests on one HTTP/2 connection.
    max_http2_streams: u32 = 100, at_least(1);

    /// How long the service keeps serving after it was asked to stop, in seconds. Meanwhile `/healthcheck` returns 503,
    /// so that load balancers stop sending requests.
    shutdown_delay: u64 = 0;

    /// How long requests in progress may take to finish at shutdown, in seconds.
    shutdown_timeout: u64 = 30;

    /// Maximum number of headers of a request.
    max_header_count: u32 = 100, at_least(1);

    /// Maximum size of the head of a request, in bytes.
    max_header_bytes: u64 = 65_536, at_least(8192);

    /// Requests that take longer are logged as slow, in milliseconds. 0 disables this.
    slow_request_ms: u64 = 1000;
}
