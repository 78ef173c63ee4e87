//! Catches the panics of request handlers.

use std::any::Any;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

type BoxError = Box<dyn Error + Send + Sync>;

/// The output of `future`, or the message of its panic.
pub(crate) async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, BoxError> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.map_or_else(|panic| Poll::Ready(Err(panic_message(&*panic))), |poll| poll.map(Ok))
    })
    .await
}

fn panic_message(panic: &(dyn Any + Send)) -> BoxError {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of an unknown kind")).into()
}
