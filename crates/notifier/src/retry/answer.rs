//! What an endpoint's answer means for a delivery.

use std::time::{Duration, SystemTime};

use zaqar_model::Timestamp;

/// No endpoint puts a delivery off for longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// What becomes of a delivery after its endpoint has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has arrived.
    Delivered,
    /// The endpoint may take it later.
    TryAgain,
    /// The endpoint does not want it: another try would be answered in the same way.
    Refused,
    /// The endpoint wants nothing any more.
    Gone,
    /// The service itself could not make the attempt, for now. It says nothing of the endpoint.
    NotMade,
}

/// By the status of an HTTP answer. Redirects are not followed, and count as refused.
pub const fn judge(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Delivered,
        // Request Timeout, Too Early, Too Many Requests.
        408 | 425 | 429 | 500..=599 => Verdict::TryAgain,
        410 => Verdict::Gone,
        _ => Verdict::Refused,
    }
}

/// How long an answer asks to wait (RFC 9110, 10.2.3): seconds or a date. Bounded by an hour.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    let wait = if header.bytes().all(|byte| byte.is_ascii_digit()) && !header.is_empty() {
        // More digits than a number has are more than an hour.
        header.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let at = httpdate::parse_http_date(header).ok()?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_millis());
        at.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}
