//! Capacity that all share, and of which what is not known to be quick gets only a part.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is known of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum EndpointClass {
    /// Nothing, yet.
    #[default]
    New,
    /// It has answered the last time, and in time.
    Good,
    /// It has failed the last time, or takes its time.
    Doubtful,
}

/// Good endpoints may take all of it. Attempts that take long, and those of doubtful endpoints, get a half; those of new
/// endpoints a quarter, until it is known whether they take long. So there is always some room left for good ones, and
/// for new ones soon.
#[derive(Debug)]
pub(super) struct Capacity {
    size: u32,
    all: Arc<Semaphore>,
    new: Arc<Semaphore>,
    slow: Arc<Semaphore>,
}

/// A place in the room, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// Among the new or the slow.
    part: Option<OwnedSemaphorePermit>,
    is_slow: bool,
}

impl Capacity {
    pub(super) fn new(size: usize) -> Self {
        let size = size.clamp(1, u32::MAX as usize);
        let part = |part: usize| Arc::new(Semaphore::new((size / part).max(1)));
        Self { size: u32::try_from(size).unwrap_or(u32::MAX), all: part(1), new: part(4), slow: part(2) }
    }

    /// Waits until there is room at all, and takes up to so much.
    pub(super) async fn take_many(&self, most: usize) -> Option<OwnedSemaphorePermit> {
        // The semaphores are never closed.
        let mut taken = Arc::clone(&self.all).acquire_owned().await.ok()?;
        let more = self.all.available_permits().min(most.saturating_sub(1));
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        if let Ok(more) = Arc::clone(&self.all).try_acquire_many_owned(more) {
            taken.merge(more);
        }
        Some(taken)
    }

    /// Waits for room.
    pub(super) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// The place of such an endpoint, for one that has room already; `None` where its part is full.
    pub(super) fn try_enter(&self, class: EndpointClass) -> Option<Place> {
        let part = match class {
            EndpointClass::Good => None,
            EndpointClass::New => Some(Arc::clone(&self.new).try_acquire_owned().ok()?),
            EndpointClass::Doubtful => Some(Arc::clone(&self.slow).try_acquire_owned().ok()?),
        };
        Some(Place { part, is_slow: class == EndpointClass::Doubtful })
    }

    /// Takes a place among the slow instead of the one before. Answers whether there is one.
    pub(super) fn try_slow_down(&self, place: &mut Place) -> bool {
        if !place.is_slow {
            let Ok(part) = Arc::clone(&self.slow).try_acquire_owned() else { return false };
            *place = Place { part: Some(part), is_slow: true };
        }
        place.part.is_some()
    }

    /// Whether those that are not known to be quick may have filled their parts: nobody should take up more than one
    /// place then for each of them.
    pub(super) fn is_crowded(&self) -> bool {
        self.all.available_permits() < self.size as usize / 2
    }

    /// Waits until nobody is left.
    pub(super) async fn wait_until_empty(&self) {
        drop(self.all.acquire_many(self.size).await);
    }
}

#[cfg(test)]
mod tests {
    use super::{Capacity, EndpointClass};

    #[test]
    fn what_is_not_known_to_be_quick_gets_a_part() {
        let capacity = Capacity::new(8);
        let places = |class| (0..20).map_while(|_| capacity.try_enter(class)).collect::<Vec<_>>();
        let (slow, mut new) = (places(EndpointClass::Doubtful), places(EndpointClass::New));
        assert_eq!((slow.len(), new.len(), places(EndpointClass::Good).len()), (4, 2, 20));
        assert!(!capacity.try_slow_down(&mut new[0]));
        drop(slow);
        assert!(capacity.try_slow_down(&mut new[0]));
        // Its place among the new is free for another.
        assert_eq!(places(EndpointClass::New).len(), 1);
        assert!(capacity.try_slow_down(&mut new[0]));
    }

    #[tokio::test]
    async fn as_much_is_taken_as_there_is() {
        let capacity = Capacity::new(4);
        let one = capacity.take().await;
        let rest = capacity.take_many(10).await;
        assert!(capacity.is_crowded());
        assert_eq!(rest.map(|taken| taken.num_permits()), Some(3));
        drop(one);
        assert!(!capacity.is_crowded());
        capacity.wait_until_empty().await;
        assert_eq!(capacity.take_many(3).await.map(|taken| taken.num_permits()), Some(3));
    }
}
