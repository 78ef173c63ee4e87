//! Those who work. Half of them at most wait on endpoints that are not known to be good.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::capacity::EndpointClass;

#[derive(Debug)]
pub(super) struct Workers {
    all: Semaphore,
    half: Semaphore,
}

/// A worker, until it is dropped.
#[derive(Debug)]
pub(super) struct Worker<'a> {
    _one: Option<SemaphorePermit<'a>>,
    _of_half: Option<SemaphorePermit<'a>>,
}

impl Workers {
    pub(super) fn new(count: usize) -> Self {
        let count = count.clamp(1, Semaphore::MAX_PERMITS);
        Self { all: Semaphore::new(count), half: Semaphore::new((count / 2).max(1)) }
    }

    /// Waits for one.
    pub(super) async fn take(&self, class: EndpointClass) -> Worker<'_> {
        // The semaphores are never closed.
        let of_half = if class == EndpointClass::Good { None } else { self.half.acquire().await.ok() };
        Worker { _one: self.all.acquire().await.ok(), _of_half: of_half }
    }
}
