//! Deliveries: what is owed to subscribers, for the engine that makes them, and what became of it, for those who watch.
//!
//! Nobody calls the engine's in a request, so there is no permission to check. Attempts, failures and sending again are
//! operations like all others.

mod attempts;
mod dead_letters;
mod endpoints;
mod failures;
mod lease;
mod record;
mod resend;

pub use attempts::{AttemptListing, ListedAttempts};
pub use endpoints::{EndpointHealth, EndpointState};
pub use failures::{FailureListing, ListedFailures};
pub use lease::{LeasedDeliveries, LeasedDelivery};
pub use resend::Resend;

use crate::limits::{DEFAULT_PAGE, Limits, count_within};
use crate::{Error, Result};

/// How many items a page has: as many as a page of messages may have.
fn page_size(wished: Option<i64>, limits: &Limits) -> Result<usize> {
    let max = limits.max_messages_per_page;
    count_within(wished, max, DEFAULT_PAGE)
        .ok_or_else(|| Error::invalid(format!("Limit must be at least 1 and may not be greater than {max}.")))
}
