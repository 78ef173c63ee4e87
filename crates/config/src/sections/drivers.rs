//! `[drivers]`: the transports and the stores.

use crate::section::section;

/// The group of this section.
pub(crate) const GROUP: &str = "drivers";

section! {
    /// The transports and the stores.
    pub struct Drivers;

    /// The transports that this process serves: `wsgi` is the REST interface, `websocket` the WebSocket interface. Upstream
    /// serves one of the two and defaults to `wsgi`. Empty where others serve them, and this process works in the
    /// background only.
    transport: Vec<String> = &["wsgi", "websocket"], one_of(&["wsgi", "websocket"]);

    /// What this process does in the background: `notifier` makes the deliveries to subscribers, `maintenance` moves dead
    /// letters and queues and gives back the space of what has expired. Some process of an installation must do each.
    background: Vec<String> = &["notifier", "maintenance"], one_of(&["notifier", "maintenance"]);

    /// The store for messages, claims and subscriptions. Upstream defaults to `mongodb`; `embedded` needs no other
    /// software, so that the service is complete and durable without configuration.
    message_store: String = "embedded", deprecated_names(&["storage"]);

    /// The store for queues, topics, pools, flavors and the catalogue. Upstream defaults to `mongodb`.
    management_store: String = "embedded";
}
