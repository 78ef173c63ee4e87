//! The names that each place knows. The parsers of requests and the descriptions of the interfaces go by the same lists.

use zaqar_model::RESPECT_DELAY;

use super::option;
use crate::queues::{
    ATTRIBUTES, DEAD_LETTERS, DEAD_LETTERS_TTL, RETRY_POLICY as RETRY_POLICY_NAME, RETRY_POLICY_MEMBERS,
};

/// The names that one place of a request knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownNames<'n> {
    /// The place, as a warning calls it: `a message`.
    pub place: &'n str,
    pub names: &'n [&'n str],
    /// Whether every name that begins with `_` is the service's.
    pub underscore_is_reserved: bool,
}

impl<'n> KnownNames<'n> {
    pub const fn new(place: &'n str, names: &'n [&'n str]) -> Self {
        Self { place, names, underscore_is_reserved: false }
    }

    const fn with_reserved(place: &'n str, names: &'n [&'n str]) -> Self {
        Self { place, names, underscore_is_reserved: true }
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }
}

/// A queue's metadata. What does not begin with `_` is the client's own.
pub const METADATA: KnownNames<'static> = KnownNames::with_reserved("the metadata", &ATTRIBUTES);
pub const RETRY_POLICY: KnownNames<'static> = KnownNames::new("a retry policy", &RETRY_POLICY_MEMBERS);

/// The body of a post.
pub const POST: KnownNames<'static> = KnownNames::new("a post", &["messages"]);
pub const MESSAGE: KnownNames<'static> = KnownNames::new("a message", &["ttl", "body", "delay"]);
pub const CLAIM: KnownNames<'static> = KnownNames::new("a claim", &["ttl", "grace"]);
pub const PURGE: KnownNames<'static> = KnownNames::new("a purge", &["resource_types"]);

pub const SUBSCRIPTION: KnownNames<'static> =
    KnownNames::new("a subscription", &["subscriber", "ttl", "options"]);
pub const CONFIRMATION: KnownNames<'static> = KnownNames::new("a confirmation", &["confirmed"]);

/// A subscription's options.
pub const OPTIONS: KnownNames<'static> = KnownNames::with_reserved(
    "the options",
    &[
        RETRY_POLICY_NAME,
        DEAD_LETTERS,
        DEAD_LETTERS_TTL,
        option::SIGNING_SECRETS,
        option::POST_DATA,
        option::POST_HEADERS,
        option::TRUST_ID,
        option::SUBJECT,
        option::FROM,
        RESPECT_DELAY,
    ],
);

pub const POOL: KnownNames<'static> = KnownNames::new("a pool", &["weight", "flavor", "uri", "options"]);
pub const FLAVOR: KnownNames<'static> = KnownNames::new("a flavor", &["pool_list", "capabilities"]);
