//! What time does to a queue. Timers are held for each chunk and each claim, not for each message, so that a message that
//! is gone leaves none behind.

use zaqar_model::Timestamp;

use super::QueueIndex;
use super::chunk::CHUNK;

impl QueueIndex {
    /// When time next changes something here.
    pub(crate) fn next_event(&self) -> Timestamp {
        let chunk = self.chunk_events.first().map_or(Timestamp::NEVER, |(at, _)| *at);
        let claim = self.claims.next_end().map_or(Timestamp::NEVER, |(at, _)| at);
        let of_queue = chunk.min(claim).min(self.exhausted.next_expiry());
        let of_messages = self.kept.next_end().min(self.next_failure_expiry());
        let of_subscribers = of_messages.min(self.attempts.next_expiry());
        of_queue.min(of_subscribers).min(self.subscriptions.next_expiry())
    }

    /// Does what time has done by `now`: ends claims, brings delayed messages within reach, removes what has expired: for all
    /// but the subscribers that are still owed it.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some((end, key)) = self.claims.next_end().filter(|(end, _)| *end <= now) {
            debug_assert!(end <= now, "only what is due");
            if let Some((id, hold)) = self.claims.get(key).map(|claim| (claim.id, claim.hold)) {
                self.end_claim(key, |released, sequence| released.note_expired(sequence, id, hold));
            }
        }
        self.expire_subscriptions(now);
        while let Some(sequence) = self.exhausted.expired(now) {
            self.remove(sequence);
        }
        while let Some(sequence) = self.kept.ended(now) {
            self.lose(sequence);
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
        for (place, entry, available) in chunk.iter_from(0) {
            if entry.expires <= now {
                expired.push(number * CHUNK + u64::from(place));
                continue;
            }
            next = next.min(entry.expires);
            if entry.delayed_until > now {
                next = next.min(entry.delayed_until);
            } else if !available && entry.claim.is_none() {
                within_reach.push(place);
            }
        }
        within_reach.into_iter().for_each(|place| chunk.set_available(place, true));
        self.note_availability(number);
        self.expect_event(number, next);
        expired.into_iter().for_each(|sequence| self.remove(sequence));
    }

    /// Time does something to a chunk at `at`, or earlier.
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
