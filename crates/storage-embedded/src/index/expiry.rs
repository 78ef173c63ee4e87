//! Timers of a queue: messages and claims that expire, and delays that end. Each chunk and each claim has a timer,
//! not each message, so a message that is gone leaves none behind.

use zaqar_model::Timestamp;

use super::QueueIndex;
use super::chunk::CHUNK;

impl QueueIndex {
    /// The time of the next event.
    pub(crate) fn next_event(&self) -> Timestamp {
        if self.is_arriving {
            return Timestamp::NEVER;
        }
        let chunk = self.chunk_events.first().map_or(Timestamp::NEVER, |(at, _)| *at);
        let claim = self.claims.next_end().map_or(Timestamp::NEVER, |(at, _)| at);
        let of_queue = chunk.min(claim).min(self.dead_letters.next_expiry());
        let of_messages = self.retained.next_end().min(self.next_failure_expiry());
        let of_subscribers = of_messages.min(self.attempts.next_expiry());
        of_queue.min(of_subscribers).min(self.subscriptions.next_expiry())
    }

    /// Advances the queue to `now`: ends claims, makes delayed messages available, and removes expired ones. Messages
    /// that are still owed to subscribers are retained.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        if self.is_arriving {
            return;
        }
        while let Some((end, key)) = self.claims.next_end().filter(|(end, _)| *end <= now) {
            debug_assert!(end <= now, "only what is due");
            if let Some(lease) = self.claims.get(key).map(|claim| claim.lease) {
                self.end_claim(key, |released, sequence| released.note_expired(sequence, lease));
            }
        }
        self.expire_subscriptions(now);
        while let Some(sequence) = self.dead_letters.expired(now) {
            self.remove(sequence);
        }
        while let Some(sequence) = self.retained.ended(now) {
            self.discard(sequence);
        }
        while let Some((at, number)) = self.chunk_events.first().copied().filter(|(at, _)| *at <= now) {
            self.chunk_events.remove(&(at, number));
            self.advance_chunk(number, now);
        }
        self.expire_failures(now);
    }

    pub(super) fn advance_chunk(&mut self, number: u64, now: Timestamp) {
        let Some(chunk) = self.chunks.get_mut(&number) else { return };
        chunk.next_event = Timestamp::NEVER;
        let mut next = Timestamp::NEVER;
        let mut expired = Vec::new();
        let mut within_reach = Vec::new();
        for (slot, entry, available) in chunk.iter_from(0) {
            if entry.expires <= now {
                expired.push(number * CHUNK + u64::from(slot));
                continue;
            }
            next = next.min(entry.expires);
            if entry.delayed_until > now {
                next = next.min(entry.delayed_until);
            } else if !available && entry.claim.is_none() {
                within_reach.push(slot);
            }
        }
        within_reach.into_iter().for_each(|slot| chunk.set_available(slot, true));
        self.note_availability(number);
        self.expect_event(number, next);
        expired.into_iter().for_each(|sequence| self.remove(sequence));
    }

    /// Registers an event of a chunk at `at`, unless an earlier one is registered.
    pub(super) fn expect_event(&mut self, number: u64, at: Timestamp) {
        if let Some(chunk) = self.chunks.get_mut(&number)
            && at < chunk.next_event
        {
            self.chunk_events.remove(&(chunk.next_event, number));
            chunk.next_event = at;
            self.chunk_events.insert((at, number));
        }
    }
}
