//! `[signed_url]`: URLs that grant access to a queue without a token.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Pre-signed URLs.
    pub struct SignedUrl;

    /// The key that signs URLs. Without a key here or in `secret_keys`, no URL can be made.
    secret_key: Option<Secret> = None, never_empty();

    /// Keys with ids, each written as id:key. The first one signs instead of `secret_key`. URLs signed by the others
    /// and by `secret_key` stay valid, so that keys can be rotated.
    secret_keys: Vec<Secret> = &[];

    /// Maximum lifetime of a URL, in seconds. No limit if not set.
    max_lifetime: Option<u64> = None, at_least(1);
}
