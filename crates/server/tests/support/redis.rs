//! Sites whose stores are in a Redis or Valkey.

/// The lines of a zaqar.conf for both stores in it.
pub(crate) fn configuration(uri: &str) -> String {
    format!(
        "[drivers]\nmessage_store = redis\nmanagement_store = redis\n\
         [drivers:message_store:redis]\nuri = {uri}\nrequest_timeout = 5\n\
         [drivers:management_store:redis]\nuri = {uri}\nrequest_timeout = 5\n"
    )
}
