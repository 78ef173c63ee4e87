//! What of the connections can be set.

use std::time::Duration;

/// Limits on what is said on a connection.
#[derive(Clone, Copy, Debug)]
pub struct WebSocketOptions {
    /// The port that clients name in `Host`. `None`: any.
    pub external_port: Option<u16>,
    /// A client that sends a larger message is told so, and the connection closed.
    pub max_message_bytes: usize,
    /// Whether messages are compressed where a client offers it.
    pub compression: bool,
    /// So many requests of one connection are served in a second; others wait. `None`: no limit.
    pub max_requests_per_second: Option<u32>,
    /// A connection may be subscribed to so many queues and topics itself.
    pub max_subscriptions: usize,
    /// A client must have become a WebSocket in this time.
    pub handshake_timeout: Duration,
    /// How often a client is asked whether it is still there. `None`: never.
    pub ping_interval: Option<Duration>,
    /// A connection on which nothing comes from the client for so long is closed.
    pub idle_timeout: Duration,
    /// A client that does not take what is sent to it for so long is cut off.
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
