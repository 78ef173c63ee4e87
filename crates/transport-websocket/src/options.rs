//! The options of connections.

use std::time::Duration;

/// The limits of a connection.
#[derive(Clone, Copy, Debug)]
pub struct WebSocketOptions {
    /// The port that clients name in `Host`. `None`: any.
    pub external_port: Option<u16>,
    /// Maximum size of a message. A larger one closes the connection.
    pub max_message_bytes: usize,
    /// Whether to compress messages if the client supports it.
    pub compression: bool,
    /// Maximum number of requests per second of one connection. Further ones wait. `None`: no limit.
    pub max_requests_per_second: Option<u32>,
    /// Maximum number of subscriptions of one connection.
    pub max_subscriptions: usize,
    /// Timeout of the WebSocket handshake.
    pub handshake_timeout: Duration,
    /// The interval of pings. `None`: no pings.
    pub ping_interval: Option<Duration>,
    /// A connection without input for this time is closed.
    pub idle_timeout: Duration,
    /// Timeout for sending to a client, after which it is disconnected.
    pub send_timeout: Duration,
}

impl Default for WebSocketOptions {
    fn default() -> Self {
        Self {
            external_port: None,
            max_message_bytes: 1024 * 1024,
            compression: true,
            max_requests_per_second: None,
            max_subscriptions: 100,
            handshake_timeout: Duration::from_secs(10),
            ping_interval: Some(Duration::from_secs(30)),
            idle_timeout: Duration::from_secs(90),
            send_timeout: Duration::from_secs(30),
        }
    }
}
