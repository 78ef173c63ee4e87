//! `[drivers]`: which transport and which stores the service is put together from.

use crate::section::section;

section! {
    /// Which parts the service is put together from.
    pub struct Drivers;

    /// How clients reach the service: `wsgi` is the REST interface, `websocket` the WebSocket interface. One process
    /// serves both. Upstream takes one of the two and defaults to `wsgi`.
    transport: Vec<String> = &["wsgi", "websocket"], one_of(&["wsgi", "websocket"]);

    /// Where messages, claims and subscriptions are kept. Upstream defaults to `mongodb`; `embedded` needs nothing
    /// else to be installed, so that the service is complete and durable without any configuration.
    message_store: String = "embedded", formerly(&["storage"]);

    /// Where queues, topics, pools, flavors and the catalogue are kept. Upstream defaults to `mongodb`.
    management_store: String = "embedded";
}
