//! `[signed_url]`: URLs that grant access to a queue without a token.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Pre-signed URLs.
    pub struct SignedUrl;

    /// The key that URLs are signed with. Without one here or in `secret_keys`, none can be made.
    secret_key: Option<Secret> = None, never_empty();

    /// Keys with ids, each written as id:key. The first signs, in place of `secret_key`. What the others and `secret_key`
    /// have signed stays good. So a key can be changed without breaking the URLs that are in use.
    secret_keys: Vec<Secret> = &[];

    /// Maximum lifetime of a URL, in seconds. No bound where it is not set.
    max_lifetime: Option<u64> = None, at_least(1);
}
