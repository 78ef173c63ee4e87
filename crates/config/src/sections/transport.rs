//! `[transport]`: limits and defaults of requests, for all transports. The listeners are in `wsgi.rs` and
//! `websocket.rs`.

use crate::option_type::choices;
use crate::secret::Secret;
use crate::section::section;

choices! {
    /// The allowed values of a `Client-ID`.
    pub enum ClientIdUuidSafe {
        /// only a UUID
        Strict = "strict",
        /// any text of the right length
        Off = "off",
    }
}

section! {
    /// Limits and defaults of requests. The minimum time to live of messages, claims and subscriptions, and the minimum
    /// grace, is 60 seconds.
    pub struct Transport;

    /// The default time to live of a message, in seconds. Requests and queues may override it.
    default_message_ttl: u64 = 3600, at_least(60), not_above("max_message_ttl");

    /// The default delay of a message, in seconds. Requests and queues may override it. 0 means no delay.
    default_message_delay: u64 = 0, not_above("max_message_delay");

    /// The default time to live of a claim, in seconds.
    default_claim_ttl: u64 = 300, at_least(60), not_above("max_claim_ttl");

    /// The default grace of a claim, in seconds: a claimed message lives at least that much longer than its claim.
    default_claim_grace: u64 = 60, at_least(60), not_above("max_claim_grace");

    /// The default time to live of a subscription, in seconds.
    default_subscription_ttl: u64 = 3600, at_least(60);

    /// Maximum number of queues per page.
    max_queues_per_page: u32 = 20, at_least(1);

    /// Maximum number of messages per page, and of messages that one request may delete by id.
    max_messages_per_page: u32 = 20, at_least(1);

    /// Maximum number of subscriptions per page.
    max_subscriptions_per_page: u32 = 20, at_least(1);

    /// Maximum number of messages that one request may claim or pop.
    max_messages_per_claim_or_pop: u32 = 20, at_least(1);

    /// Maximum size of the metadata of a queue, in bytes.
    max_queue_metadata: u64 = 65_536;

    /// Maximum size of the body of a request that posts messages, in bytes. A queue may set a lower limit.
    max_messages_post_size: u64 = 262_144, at_least(1);

    /// Maximum time to live of a message, in seconds.
    max_message_ttl: u64 = 1_209_600, at_least(1);

    /// Maximum delay of a message, in seconds.
    max_message_delay: u64 = 900;

    /// Maximum time to live of a claim, in seconds.
    max_claim_ttl: u64 = 43_200, at_least(1);

    /// Maximum grace of a claim, in seconds.
    max_claim_grace: u64 = 43_200;

    /// The allowed URI schemes of subscribers.
    subscriber_types: Vec<String> = &["http", "https", "mailto", "trust+http", "trust+https"];

    /// Maximum number of flavors per page.
    max_flavors_per_page: u32 = 20, at_least(1);

    /// Maximum number of pools per page.
    max_pools_per_page: u32 = 20, at_least(1);

    /// The allowed values of the header `Client-ID`.
    client_id_uuid_safe: ClientIdUuidSafe = ClientIdUuidSafe::Strict;

    /// Minimum length of a `Client-ID`, in characters, if `client_id_uuid_safe` is `off`.
    min_length_client_id: u32 = 10, not_above("max_length_client_id");

    /// Maximum length of a `Client-ID`, in characters, if `client_id_uuid_safe` is `off`.
    max_length_client_id: u32 = 36, at_least(1);

    /// Whether deleting a message requires the id of the claim that holds it.
    message_delete_with_claim_id: bool = false;

    /// How the messages of an encrypted queue are encrypted. `AES256` is AES-256-GCM; `RSA` is not supported.
    message_encryption_algorithms: String = "AES256", one_of(&["AES256", "RSA"]);

    /// The key that encrypts the messages of an encrypted queue: 32 random bytes in base64 or hexadecimal. A key is
    /// derived from any other text. Servers that share a store need the same key. Without a key, the embedded store
    /// generates one.
    message_encryption_key: Option<Secret> = None, never_empty();

    /// Former keys, which only decrypt. They keep old messages readable after a change of `message_encryption_key`.
    message_encryption_former_keys: Vec<Secret> = &[];
}
