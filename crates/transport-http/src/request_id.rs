//! The id of a request, in the log and in the response.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName};
use uuid::{Builder, Uuid};

/// In a response, the id of the request. In a request, the global request id, which a caller uses for all its
/// requests to OpenStack services for one purpose.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");

/// Generates unique ids that look random, without system calls.
#[derive(Debug)]
pub(crate) struct RequestIds {
    seed: u128,
    issued: AtomicU64,
}

/// An odd number with its bits well mixed: its multiples do not repeat.
const STRIDE: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

impl RequestIds {
    pub(crate) const fn new(seed: u128) -> Self {
        Self { seed, issued: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> RequestId {
        let number = u128::from(self.issued.fetch_add(1, Ordering::Relaxed));
        let bits = self.seed.wrapping_add(STRIDE.wrapping_mul(number));
        RequestId(Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(Uuid);

impl RequestId {
    /// `req-` and the UUID.
    pub(crate) fn text(self) -> [u8; 40] {
        let mut text = *b"req-....................................";
        self.0.hyphenated().encode_lower(&mut text[4..]);
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "req-{}", self.0)
    }
}

/// The global request id of the caller, if it is valid.
pub(crate) fn global_request_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let uuid = text.strip_prefix("req-").filter(|uuid| uuid.len() == 36)?;
    let is_digit = |c: char| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c);
    (uuid.chars().all(is_digit) && Uuid::try_parse(uuid).is_ok()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http::HeaderMap;

    use super::{REQUEST_ID, RequestIds, global_request_id};

    #[test]
    fn a_caller_may_give_an_id_of_the_usual_form() {
        for (text, is_one) in [
            ("req-3381af92-2b9e-11e3-b191-71861300734c", true),
            ("req-3381AF92-2b9e-11e3-b191-71861300734c", false),
            ("3381af92-2b9e-11e3-b191-71861300734c", false),
            ("req-", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(REQUEST_ID, text.parse().unwrap())]);
            assert_eq!(global_request_id(&headers), is_one.then_some(text));
        }
    }

    #[test]
    fn ids_differ_and_read_as_they_are_sent() {
        let ids = RequestIds::new(7);
        let some: HashSet<_> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(some.len(), 10_000);
        let id = ids.next();
        assert_eq!(id.to_string().as_bytes(), id.text());
    }
}
