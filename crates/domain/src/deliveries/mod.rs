//! What became of the deliveries to a subscription: the attempts, those that failed for good, and sending again. The
//! deliveries themselves are made by the notifier.

mod attempts;
mod failures;
mod resend;

pub use attempts::{AttemptListing, ListedAttempts};
pub use failures::{FailureListing, ListedFailures};
pub use resend::Resend;

use crate::limits::{DEFAULT_PAGE, Limits, count_within};
use crate::{Error, Result};

/// How many items a page has: as many as a page of messages may have.
fn page_size(wished: Option<i64>, limits: &Limits) -> Result<usize> {
    let max = limits.max_messages_per_page;
    count_within(wished, max, DEFAULT_PAGE)
        .ok_or_else(|| Error::invalid(format!("Limit must be at least 1 and may not be greater than {max}.")))
}
