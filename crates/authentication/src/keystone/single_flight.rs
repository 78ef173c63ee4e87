//! A cache of Keystone's responses with an expiry for each.
//!
//! Concurrent requests for one key share one fetch. If the caller that fetches goes away, the next one fetches.

use std::fmt;
use std::hash::Hash;

use quick_cache::sync::Cache;
use zaqar_model::{Clock, Timestamp};

pub(super) struct SingleFlightCache<K, V>(Cache<K, Cached<V>>);

#[derive(Clone)]
struct Cached<V> {
    value: V,
    expires: Timestamp,
}

/// Hides the values, which are secrets.
impl<K, V> fmt::Debug for SingleFlightCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlightCache").finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash, V: Clone> SingleFlightCache<K, V> {
    /// Holds at most `capacity` values. Those that were used only once are evicted first.
    pub(super) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// `fetch` returns a value and its expiry.
    pub(super) async fn get_or_fetch(
        &self,
        key: K,
        clock: &dyn Clock,
        fetch: impl Future<Output = (V, Timestamp)>,
    ) -> V {
        let now = clock.now();
        match self.0.get(&key) {
            Some(cached) if now < cached.expires => return cached.value,
            Some(_) => self.remove_if(&key, |cached| cached.expires <= now),
            None => {}
        }
        match self.0.get_value_or_guard_async(&key).await {
            Ok(cached) => cached.value,
            Err(guard) => {
                let (value, expires) = fetch.await;
                // If there is no room for it, the next caller fetches again.
                let _ = guard.insert(Cached { value: value.clone(), expires });
                value
            }
        }
    }

    /// Removes a value that turned out to be wrong, unless it has been replaced meanwhile.
    pub(super) fn invalidate(&self, key: &K, is_wrong: impl Fn(&V) -> bool) {
        self.remove_if(key, |cached| is_wrong(&cached.value));
    }

    fn remove_if(&self, key: &K, condition: impl Fn(&Cached<V>) -> bool) {
        self.0.remove_if(key, condition);
    }
}
