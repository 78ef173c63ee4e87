//! Waiting for what nobody tells of: a port that answers, a process that is gone.

use std::time::{Duration, Instant};

/// How long a condition may take before a test gives up. Only a test that fails ever waits so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// What `look` finds, as soon as it finds something. `what`: for the text of a failure.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    try_until(look).unwrap_or_else(|| panic!("within {PATIENCE:?} it did not come to this: {what}"))
}

/// `None`: it took too long.
#[allow(
    clippy::disallowed_methods,
    reason = "the condition is another process's: it is looked at, not slept for"
)]
pub(crate) fn try_until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if begin.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
