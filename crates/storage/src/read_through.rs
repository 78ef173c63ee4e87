//! A bounded cache in front of a look-up that is a round trip.

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_lock::Mutex as AsyncMutex;
use parking_lot::Mutex;
use quick_cache::sync::Cache;

use crate::{StorageError, StorageResult};

/// Where the time comes from.
pub(crate) type Now = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Keeps what was found for a while, and never that nothing was found. Of many who miss a key at the same time, one asks.
pub(crate) struct ReadThrough<K, V> {
    slots: Cache<K, Arc<Slot<V>>>,
    age: Duration,
    now: Now,
    /// Orders the callers and the reads.
    sequence: AtomicU64,
}

struct Slot<V> {
    /// What was found, by a read that began then.
    found: Mutex<Option<(Instant, V)>>,
    /// Held by the one who reads. The last read that found nothing or failed.
    turn: AsyncMutex<Option<Unfound>>,
}

/// A read without a value, for those who have waited for it.
enum Unfound {
    /// It says nothing to those who came when it had begun: what they ask for may have been made just before.
    Absent { begun: u64 },
    /// Whoever came before it ended need not run into the same failure.
    Failed { ended: u64, error: StorageError },
}

impl<K: Clone + Eq + Hash, V: Clone> ReadThrough<K, V> {
    pub(crate) fn new(capacity: usize, age: Duration, now: Now) -> Self {
        Self { slots: Cache::new(capacity), age, now, sequence: AtomicU64::new(0) }
    }

    pub(crate) async fn get(
        &self,
        key: &K,
        read: impl Future<Output = StorageResult<Option<V>>>,
    ) -> StorageResult<Option<V>> {
        let Ok(slot) = self.slots.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default()));
        if let Some(value) = self.fresh(&slot) {
            return Ok(Some(value));
        }
        let came = self.next();
        let mut turn = slot.turn.lock().await;
        if let Some(value) = self.fresh(&slot) {
            return Ok(Some(value));
        }
        match &*turn {
            Some(Unfound::Absent { begun }) if *begun > came => return Ok(None),
            Some(Unfound::Failed { ended, error }) if *ended > came => return Err(error.for_another()),
            _ => {}
        }
        let (begun_at, begun) = ((self.now)(), self.next());
        match read.await {
            Ok(Some(value)) => {
                *slot.found.lock() = Some((begun_at, value.clone()));
                *turn = None;
                Ok(Some(value))
            }
            Ok(None) => {
                *slot.found.lock() = None;
                *turn = Some(Unfound::Absent { begun });
                self.forget(key);
                Ok(None)
            }
            Err(error) => {
                let shared = error.for_another();
                *turn = Some(Unfound::Failed { ended: self.next(), error: shared });
                Err(error)
            }
        }
    }

    /// What is read from now on is what is there now. A read that is under way fills a slot that nobody finds any more.
    pub(crate) fn forget(&self, key: &K) {
        self.slots.remove(key);
    }

    pub(crate) fn forget_all(&self) {
        self.slots.clear();
    }

    fn fresh(&self, slot: &Slot<V>) -> Option<V> {
        let found = slot.found.lock();
        let (begun_at, value) = found.as_ref()?;
        ((self.now)().saturating_duration_since(*begun_at) < self.age).then(|| value.clone())
    }

    fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }
}

impl<V> Default for Slot<V> {
    fn default() -> Self {
        Self { found: Mutex::new(None), turn: AsyncMutex::new(None) }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use parking_lot::Mutex;
    use tokio::sync::oneshot::{Sender, channel};

    use super::ReadThrough;
    use crate::{StorageError, StorageResult};

    struct Bench {
        cache: Arc<ReadThrough<&'static str, u32>>,
        now: Arc<Mutex<Instant>>,
    }

    #[allow(clippy::disallowed_methods, reason = "some moment to begin at")]
    fn bench(capacity: usize) -> Bench {
        let now = Arc::new(Mutex::new(Instant::now()));
        let clock = Arc::clone(&now);
        let cache = ReadThrough::new(capacity, Duration::from_secs(1), Arc::new(move || *clock.lock()));
        Bench { cache: Arc::new(cache), now }
    }

    impl Bench {
        fn advance(&self, millis: u64) {
            *self.now.lock() += Duration::from_millis(millis);
        }

        /// Reads `found` if the cache has nothing.
        async fn get(&self, found: Option<u32>) -> Option<u32> {
            self.cache.get(&"key", ready(Ok(found))).await.unwrap()
        }

        /// A read that ends when it is told what it finds. Returns once it has begun, or waits for another.
        async fn begin(
            &self,
        ) -> (Sender<StorageResult<Option<u32>>>, tokio::task::JoinHandle<StorageResult<Option<u32>>>)
        {
            let (end, result) = channel();
            let cache = Arc::clone(&self.cache);
            let caller =
                tokio::spawn(async move { cache.get(&"key", async { result.await.unwrap() }).await });
            // The runtime of the test has one thread.
            tokio::task::yield_now().await;
            (end, caller)
        }
    }

    #[tokio::test]
    async fn what_was_found_is_kept_for_its_age() {
        let bench = bench(10);
        assert_eq!(bench.get(Some(1)).await, Some(1));
        bench.advance(999);
        assert_eq!(bench.get(Some(2)).await, Some(1));
        bench.advance(1);
        assert_eq!(bench.get(Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn the_age_counts_from_the_begin_of_the_read() {
        let bench = bench(10);
        let (end, caller) = bench.begin().await;
        bench.advance(1000);
        end.send(Ok(Some(1))).unwrap();
        assert_eq!(caller.await.unwrap().unwrap(), Some(1));
        assert_eq!(bench.get(Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn absence_is_not_kept() {
        let bench = bench(10);
        assert_eq!(bench.get(None).await, None);
        assert_eq!(bench.get(Some(1)).await, Some(1));
        bench.advance(1000);
        assert_eq!(bench.get(None).await, None);
        assert_eq!(bench.get(Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn what_was_forgotten_is_read_again() {
        let bench = bench(10);
        assert_eq!(bench.get(Some(1)).await, Some(1));
        let (end, caller) = {
            bench.advance(1000);
            bench.begin().await
        };
        bench.cache.forget(&"key");
        end.send(Ok(Some(2))).unwrap();
        assert_eq!(caller.await.unwrap().unwrap(), Some(2));
        assert_eq!(bench.get(Some(3)).await, Some(3), "the read began before");
    }

    #[tokio::test]
    async fn of_many_who_miss_a_key_one_asks() {
        let bench = bench(10);
        let (end, first) = bench.begin().await;
        let others = [bench.begin().await, bench.begin().await];
        end.send(Ok(Some(1))).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), Some(1));
        for (never_asked, caller) in others {
            assert_eq!(caller.await.unwrap().unwrap(), Some(1));
            assert!(never_asked.is_closed());
        }
    }

    #[tokio::test]
    async fn those_who_waited_for_an_absence_ask_once_more_and_for_all() {
        let bench = bench(10);
        let (end, first) = bench.begin().await;
        let (end_again, second) = bench.begin().await;
        let (never_asked, third) = bench.begin().await;
        end.send(Ok(None)).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), None);
        end_again.send(Ok(None)).unwrap();
        assert_eq!(second.await.unwrap().unwrap(), None);
        assert_eq!(third.await.unwrap().unwrap(), None);
        assert!(never_asked.is_closed());
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_those_who_waited() {
        let bench = bench(10);
        let (end, first) = bench.begin().await;
        let (_never_asked, second) = bench.begin().await;
        end.send(Err(StorageError::unavailable("away"))).unwrap();
        for caller in [first, second] {
            let failed = caller.await.unwrap();
            assert!(matches!(&failed, Err(StorageError::Unavailable(cause)) if cause.to_string() == "away"));
        }
        assert_eq!(bench.get(Some(1)).await, Some(1));
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_leaves_the_turn_to_the_next() {
        let bench = bench(10);
        let (_end, first) = bench.begin().await;
        let (end, second) = bench.begin().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        end.send(Ok(Some(2))).unwrap();
        assert_eq!(second.await.unwrap().unwrap(), Some(2));
    }

    #[tokio::test]
    async fn its_size_is_bounded() {
        let bench = bench(10);
        for key in 0..1000_u32 {
            let key: &'static str = Box::leak(key.to_string().into_boxed_str());
            bench.cache.get(&key, ready(Ok(Some(1)))).await.unwrap();
        }
        assert!(bench.cache.slots.len() <= 10);
    }
}
