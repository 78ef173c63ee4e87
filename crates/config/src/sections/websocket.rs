//! `[drivers:transport:websocket]`: the listener of the WebSocket interface.

use crate::section::section;

section! {
    /// The WebSocket interface.
    pub struct Websocket;

    /// The address to listen on.
    bind: String = "127.0.0.1", host_address();

    /// The TCP port to listen on.
    port: u16 = 9000;

    /// The port by which clients know the service, when something in front of it listens on another one.
    external_port: Option<u16> = None;

    /// The address on which the servers of one installation hand notifications to each other.
    notification_bind: Option<String> = None, host_address();

    /// The port of `notification_bind`. 0 lets the system choose.
    notification_port: u16 = 0;
}
