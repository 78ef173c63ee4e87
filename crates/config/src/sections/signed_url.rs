//! `[signed_url]`: URLs that grant access to a queue without a token.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Pre-signed URLs.
    pub struct SignedUrl;

    /// The key that URLs are signed with. Without one, none can be made.
    secret_key: Option<Secret> = None;

    /// Keys that URLs were signed with before: those URLs stay good. So `secret_key` can be changed without breaking
    /// what is in use.
    former_secret_keys: Vec<Secret> = &[];

    /// How many seconds a URL may be good for at most.
    max_lifetime: u64 = 31_536_000, at_least(1), at_most(3_153_600_000);
}
