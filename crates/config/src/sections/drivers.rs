//! `[drivers]`: the transports and the stores.

use crate::section::section;

/// The group of this section.
pub(crate) const GROUP: &str = "drivers";

section! {
    /// The transports and the stores.
    pub struct Drivers;

    /// The transports to serve: `wsgi` is the REST interface, `websocket` the WebSocket interface. One process serves
    /// both. Upstream serves one of the two and defaults to `wsgi`.
    transport: Vec<String> = &["wsgi", "websocket"], one_of(&["wsgi", "websocket"]);

    /// The store for messages, claims and subscriptions. Upstream defaults to `mongodb`; `embedded` needs no other
    /// software, so that the service is complete and durable without configuration.
    message_store: String = "embedded", deprecated_names(&["storage"]);

    /// The store for queues, topics, pools, flavors and the catalogue. Upstream defaults to `mongodb`.
    management_store: String = "embedded";
}
