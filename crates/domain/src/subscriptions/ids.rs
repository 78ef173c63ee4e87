//! Ids of subscriptions, which sort by when they were made: version 7 UUIDs (RFC 9562). Ids that were given out before are
//! random; they stay valid.

use parking_lot::Mutex;
use zaqar_model::{IdSource, SubscriptionId, Timestamp};

/// Bits that count within a millisecond.
const COUNTER_BITS: u32 = 12;
/// Bits that nobody can guess.
const RANDOM_BITS: u32 = 62;
const VERSION: u128 = 7 << 76;
const VARIANT: u128 = 0b10 << RANDOM_BITS;

/// Gives out ids, each of which sorts behind the one before, also when the clock stands or goes back.
#[derive(Debug, Default)]
pub(crate) struct SubscriptionIds {
    /// The milliseconds and the counter of the last one.
    last: Mutex<u64>,
}

impl SubscriptionIds {
    pub(crate) fn next(&self, ids: &dyn IdSource, now: Timestamp) -> SubscriptionId {
        let at = {
            let mut last = self.last.lock();
            // Beyond the counter the milliseconds go ahead of the clock.
            *last = (now.as_millis() << COUNTER_BITS).max(last.saturating_add(1));
            *last
        };
        let millis = u128::from(at >> COUNTER_BITS) << 80;
        let counter = u128::from(at & ((1 << COUNTER_BITS) - 1)) << 64;
        let random = ids.next_u128() & ((1 << RANDOM_BITS) - 1);
        SubscriptionId::from_u128(millis | VERSION | counter | VARIANT | random)
    }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{RandomIds, Timestamp};

    use super::SubscriptionIds;

    #[test]
    fn ids_sort_by_creation_also_within_a_millisecond_and_when_the_clock_goes_back() {
        let ids = SubscriptionIds::default();
        let now = Timestamp::from_secs(1_780_000_000);
        let back = Timestamp::from_secs(1_779_999_000);
        let mut made: Vec<_> = (0..10_000).map(|_| ids.next(&RandomIds, now)).collect();
        made.push(ids.next(&RandomIds, back));
        made.push(ids.next(&RandomIds, now.plus_secs(60)));
        assert!(made.is_sorted_by(|one, next| one < next));
        let text = |at: usize| made[at].to_string();
        assert!(made.iter().all(|id| id.to_string().as_bytes()[14] == b'7'), "version 7: {}", text(0));
        assert_ne!(text(0)[19..], text(1)[19..], "nobody can guess the next one");
    }
}
