//! `[drivers]`: which transport and which stores the service is put together from.

use crate::option_type::choices;
use crate::section::section;

choices! {
    /// How clients reach the service.
    pub enum TransportDriver {
        /// the REST interface
        Wsgi = "wsgi",
        /// the WebSocket interface
        Websocket = "websocket",
    }
}

section! {
    /// Which parts the service is put together from.
    pub struct Drivers;

    /// How clients reach the service.
    transport: TransportDriver = TransportDriver::Wsgi;

    /// Where messages, claims and subscriptions are kept. Upstream defaults to `mongodb`; `embedded` needs nothing
    /// else to be installed, so that the service is complete and durable without any configuration.
    message_store: String = "embedded", formerly(&["storage"]);

    /// Where queues, topics, pools, flavors and the catalogue are kept. Upstream defaults to `mongodb`.
    management_store: String = "embedded";
}
