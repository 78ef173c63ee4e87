//! `[drivers:transport:wsgi]`: the listener of the REST interface and what it allows a connection. What a request may
//! ask for is in `transport.rs`.

use crate::section::section;

section! {
    /// The REST interface. Upstream knows `bind` and `port` and leaves the rest to the web server around it.
    pub struct Wsgi;

    /// The address to listen on.
    bind: String = "127.0.0.1", host_address();

    /// The TCP port to listen on. 0 lets the system choose.
    port: u16 = 8888;

    /// How many connections are served at a time. Further ones wait to be accepted.
    max_connections: u32 = 10_000, at_least(1);

    /// How long a client may take to send the head of a request, in seconds.
    header_timeout: u64 = 30, at_least(1);

    /// How long a connection is kept open for the next request, in seconds.
    idle_timeout: u64 = 75, at_least(1);

    /// How long a client may take to send the body of a request, in seconds.
    body_timeout: u64 = 30, at_least(1);

    /// How long a client may take to agree on TLS, in seconds.
    tls_handshake_timeout: u64 = 10, at_least(1);

    /// How many requests of one connection are served at a time, by HTTP/2.
    max_http2_streams: u32 = 100, at_least(1);

    /// How long the service goes on as before once it is told to stop, in seconds. Meanwhile `/healthcheck` answers
    /// 503, so that load balancers look elsewhere.
    shutdown_delay: u64 = 0;

    /// How long requests that are being served may take to end once the service is told to stop, in seconds.
    shutdown_timeout: u64 = 30;

    /// How many headers a request may have.
    max_header_count: u32 = 100, at_least(1);

    /// How large the head of a request may be, in bytes.
    max_header_bytes: u64 = 65_536, at_least(8192);

    /// A request that takes longer than this is logged as slow, in milliseconds. 0 logs none.
    slow_request_ms: u64 = 1000;
}
