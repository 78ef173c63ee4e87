//! `[signed_url]`: URLs that grant access to a queue without a token.

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Pre-signed URLs.
    pub struct SignedUrl;

    /// The key that URLs are signed with. Without one, none can be made.
    secret_key: Option<Secret> = None;
}
