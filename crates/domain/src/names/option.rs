//! The options of a subscription that a queue's metadata does not have, by their names.

/// Of any subscription: what its notifications are signed with.
pub const SIGNING_SECRETS: &str = "signing_secrets";

/// Of a webhook.
pub const POST_DATA: &str = "post_data";
pub const POST_HEADERS: &str = "post_headers";

/// Of a webhook that wants a token: the id of its trust.
pub const TRUST_ID: &str = "trust_id";

/// Of a mailbox: the subject and the sender of its mails.
pub const SUBJECT: &str = "subject";
pub const FROM: &str = "from";
