//! `[transport]`: the limits and defaults of requests, whichever way they arrive. Listeners are in `wsgi.rs` and
//! `websocket.rs`.

use crate::option_type::choices;
use crate::secret::Secret;
use crate::section::section;

choices! {
    /// What a `Client-ID` may be.
    pub enum ClientIdUuidSafe {
        /// only a UUID
        Strict = "strict",
        /// any text of the right length
        Off = "off",
    }
}

section! {
    /// Limits and defaults of requests. No request may ask for less than 60 seconds of life for a message, a claim or a
    /// subscription, nor of grace.
    pub struct Transport;

    /// How long a message lives when neither the request nor its queue says so, in seconds.
    default_message_ttl: u64 = 3600, at_least(60), not_above("max_message_ttl");

    /// How long a message is kept back when neither the request nor its queue says so, in seconds. 0 delivers at
    /// once.
    default_message_delay: u64 = 0, not_above("max_message_delay");

    /// How long a claim lives when the request does not say so, in seconds.
    default_claim_ttl: u64 = 300, at_least(60), not_above("max_claim_ttl");

    /// By how much a claimed message outlives its claim when the request does not say so, in seconds.
    default_claim_grace: u64 = 60, at_least(60), not_above("max_claim_grace");

    /// How long a subscription lives when the request does not say so, in seconds.
    default_subscription_ttl: u64 = 3600, at_least(60);

    /// How many queues one page of a list may hold.
    max_queues_per_page: u32 = 20, at_least(1);

    /// How many messages one page of a list may hold, and how many may be deleted by their ids at a time.
    max_messages_per_page: u32 = 20, at_least(1);

    /// How many subscriptions one page of a list may hold.
    max_subscriptions_per_page: u32 = 20, at_least(1);

    /// How many messages one request may claim or pop.
    max_messages_per_claim_or_pop: u32 = 20, at_least(1);

    /// How large the metadata of a queue may be, in bytes.
    max_queue_metadata: u64 = 65_536;

    /// How large the body of a request that posts messages may be, in bytes. A queue may set less for itself.
    max_messages_post_size: u64 = 262_144, at_least(1);

    /// The longest that a message may live, in seconds.
    max_message_ttl: u64 = 1_209_600, at_least(1);

    /// The longest that a message may be kept back, in seconds.
    max_message_delay: u64 = 900;

    /// The longest that a claim may live, in seconds.
    max_claim_ttl: u64 = 43_200, at_least(1);

    /// The longest that a claimed message may outlive its claim, in seconds.
    max_claim_grace: u64 = 43_200;

    /// The kinds of addresses that may subscribe to a queue.
    subscriber_types: Vec<String> = &["http", "https", "mailto", "trust+http", "trust+https"];

    /// How many flavors one page of a list may hold.
    max_flavors_per_page: u32 = 20, at_least(1);

    /// How many pools one page of a list may hold.
    max_pools_per_page: u32 = 20, at_least(1);

    /// What the header `Client-ID` may hold.
    client_id_uuid_safe: ClientIdUuidSafe = ClientIdUuidSafe::Strict;

    /// The shortest `Client-ID`, in characters, when `client_id_uuid_safe` is `off`.
    min_length_client_id: u32 = 10, not_above("max_length_client_id");

    /// The longest `Client-ID`, in characters, when `client_id_uuid_safe` is `off`.
    max_length_client_id: u32 = 36, at_least(1);

    /// Whether a message can be deleted only by naming the claim that holds it, so that nobody deletes what they have
    /// not taken.
    message_delete_with_claim_id: bool = false;

    /// How the messages of an encrypted queue are encrypted. `AES256` is AES-256-GCM; `RSA` is not in this version.
    message_encryption_algorithms: String = "AES256", one_of(&["AES256", "RSA"]);

    /// The key that the messages of an encrypted queue are encrypted with: 32 random bytes in base64 or hexadecimal
    /// digits. From any other text a key is derived. Servers that share their messages need the same one. Without one,
    /// the embedded store makes its own.
    message_encryption_key: Option<Secret> = None, never_empty();

    /// Keys that messages were encrypted with before: those messages stay readable. So `message_encryption_key` can be
    /// changed.
    message_encryption_former_keys: Vec<Secret> = &[];
}
