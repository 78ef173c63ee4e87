//! `[drivers:transport:websocket]`: the listener of the WebSocket interface and what it allows a connection. What a
//! request may ask for is in `transport.rs`.

use crate::section::section;

section! {
    /// The WebSocket interface. Upstream knows `bind` and what is called after a port or `notification`.
    pub struct Websocket;

    /// The address to listen on.
    bind: String = "127.0.0.1", host_address();

    /// The TCP port to listen on. 0 lets the system choose.
    port: u16 = 9000;

    /// The port by which clients know the service, when something in front of it listens on another one. A client that
    /// names another one is refused.
    external_port: Option<u16> = None;

    /// The address on which upstream's servers hand notifications to each other. Nothing needs it here.
    notification_bind: Option<String> = None, host_address(), without_effect();

    /// The port of `notification_bind`. Nothing needs it here.
    notification_port: u16 = 0, without_effect();

    /// How many connections are served at a time. Further ones wait to be accepted.
    max_connections: u32 = 10_000, at_least(1);

    /// How large a message of WebSocket may be, in bytes. One that posts messages holds `max_messages_post_size` and
    /// what is around it.
    max_message_bytes: u64 = 1_048_576, at_least(1024);

    /// Whether messages are compressed where a client offers it (permessage-deflate).
    compression: bool = true;

    /// How many requests of one connection are served in a second. Further ones wait. 0 sets no limit.
    max_requests_per_second: u32 = 0;

    /// How many queues and topics a connection may be subscribed to itself.
    max_subscriptions: u32 = 100;

    /// How long a client may take to become a WebSocket, in seconds. As long for TLS before it.
    handshake_timeout: u64 = 10, at_least(1);

    /// How often a client is asked whether it is still there, in seconds. 0 never asks.
    ping_interval: u64 = 30;

    /// A connection on which nothing comes from the client for so long is closed, in seconds. Answers to pings count.
    idle_timeout: u64 = 90, at_least(1);

    /// A client that does not take what is sent to it for so long is cut off, in seconds.
    send_timeout: u64 = 30, at_least(1);

    /// How long clients may take to say goodbye once the service is told to stop, in seconds.
    shutdown_timeout: u64 = 10;
}
