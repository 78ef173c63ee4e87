//! `[drivers:transport:websocket]`: the listener of the WebSocket interface and the limits of its connections. The
//! limits of requests are in `transport.rs`.

use crate::section::section;

section! {
    /// The WebSocket interface. Upstream has `bind` and the options with `port` or `notification` in their names.
    pub struct Websocket;

    /// The address to listen on.
    bind: String = "127.0.0.1", host_address();

    /// The TCP port to listen on. 0 lets the system choose.
    port: u16 = 9000;

    /// The public port of the service, if a proxy in front of it listens on another one. A client that names another
    /// port is rejected.
    external_port: Option<u16> = None;

    /// The address on which upstream's servers exchange notifications. Not needed here.
    notification_bind: Option<String> = None, host_address(), without_effect();

    /// The port of `notification_bind`. Not needed here.
    notification_port: u16 = 0, without_effect();

    /// Maximum number of open connections. Further ones wait to be accepted.
    max_connections: u32 = 10_000, at_least(1);

    /// Maximum size of a WebSocket message, in bytes. It should be larger than `max_messages_post_size`.
    max_message_bytes: u64 = 1_048_576, at_least(1024);

    /// Whether to compress messages if the client supports it (permessage-deflate).
    compression: bool = true;

    /// Maximum number of requests per second of one connection. Further ones wait. 0 means no limit.
    max_requests_per_second: u32 = 0;

    /// Maximum number of subscriptions of one connection.
    max_subscriptions: u32 = 100;

    /// Timeout of the WebSocket handshake, in seconds, and of the TLS handshake before it.
    handshake_timeout: u64 = 10, at_least(1);

    /// The interval of pings, in seconds. 0 disables pings.
    ping_interval: u64 = 30;

    /// How long a connection may be idle before it is closed, in seconds. Replies to pings count as activity.
    idle_timeout: u64 = 90, at_least(1);

    /// Timeout for sending to a client, in seconds. A client that does not read is disconnected.
    send_timeout: u64 = 30, at_least(1);

    /// How long connections may take to close at shutdown, in seconds.
    shutdown_timeout: u64 = 10;
}
