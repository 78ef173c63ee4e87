//! Dead letters: messages that were claimed too often move to the dead-letter queue.
//!
//! A message is looked at when its claim has ended: [`Zaqar::look_at_ended_claims`] does so every second. A claim that meets
//! one earlier does it, too. The store has already taken them out of circulation when it reports them as exhausted, and moves
//! them in one atomic step. A crash before that leaves them where they wait, out of reach;
//! [`Zaqar::resume_dead_letter_moves`] takes the moves up at the next start.
//!
//! Several may move the dead letters of one queue at the same time, on several servers too: the store passes over those that
//! have arrived already.
//!
//! Two queues may be each other's dead-letter queue. A message goes round once each time that its consumers have claimed it
//! too often: it comes with a count of none.

use std::sync::Arc;

use zaqar_model::{
    Clock, Destination, DestinationKind, DestinationName, PageRequest, Queue, StoredMessage, Timestamp,
    TtlSeconds,
};
use zaqar_storage::{DeadLetterPolicy, StorageResult};

use crate::queues::{Attributes, NewQueue};
use crate::repeat::repeat;
use crate::zaqar::run_detached;
use crate::{Stores, Zaqar};

const AT_ONCE: usize = 100;
/// How many queues are looked up at a time.
const QUEUES_AT_ONCE: usize = 1000;

impl Zaqar {
    /// Takes up the moves that a crash or a failure broke off: at the start, and now and then. A failure is logged and
    /// left for the next time.
    pub async fn resume_dead_letter_moves(&self) {
        let mut marker = None;
        loop {
            let page = PageRequest { marker, limit: QUEUES_AT_ONCE };
            let page = match self.stores.messages.with_dead_letters(&page).await {
                Ok(page) => page,
                Err(error) => return tracing::warn!(%error, "dead letters could not be looked up"),
            };
            for destination in &page.items {
                match self.queue_at(destination).await {
                    Ok(Some(queue)) => self.move_dead_letters(&queue).await,
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "a queue with dead letters could not be looked up"),
                }
            }
            if page.next.is_none() {
                return;
            }
            marker = page.next;
        }
    }

    /// Moves what claims that have ended leave behind, and what was claimed too often. One queue that fails does not keep
    /// the others from it; its messages are looked at the next time.
    pub async fn look_at_ended_claims(&self) -> StorageResult<()> {
        let store = &self.stores.messages;
        if !store.capabilities().claims {
            return Ok(());
        }
        loop {
            let mut result = Ok(());
            let destinations = store.with_ended_claims(QUEUES_AT_ONCE, self.now()).await?;
            for destination in &destinations {
                result = result.and(self.set_aside(destination).await);
            }
            // Those that failed would be found again.
            if result.is_err() || destinations.len() < QUEUES_AT_ONCE {
                return result;
            }
        }
    }

    async fn set_aside(&self, destination: &Destination) -> StorageResult<()> {
        let queue = self.queue_at(destination).await?;
        let policy = queue.as_ref().and_then(|queue| self.dead_letter_policy(queue));
        let mut are_any = false;
        let looked = loop {
            match self.stores.messages.set_aside(destination, policy, self.now()).await {
                Ok(exhausted) if exhausted.is_empty() => break Ok(()),
                Ok(_) => are_any = true,
                Err(error) => break Err(error),
            }
        };
        if let Some(queue) = queue.filter(|_| are_any) {
            self.move_dead_letters(&queue).await;
        }
        looked
    }

    /// The queue that this still is. One of the same name that was made since is another queue.
    async fn queue_at(&self, destination: &Destination) -> StorageResult<Option<Arc<Queue>>> {
        if destination.kind != DestinationKind::Queue {
            return Ok(None);
        }
        let found = self.find_queue(&destination.project, &destination.name).await?;
        Ok(found.filter(|queue| queue.destination == *destination))
    }

    /// What a claim on this queue does with messages that were claimed too often. Both a number and a queue to move
    /// them to are needed; to the queue itself they need not move.
    pub(crate) fn dead_letter_policy(&self, queue: &Queue) -> Option<DeadLetterPolicy> {
        let attributes = Attributes::of(&queue.metadata);
        let max_claim_count = attributes.max_claim_count?;
        let to = attributes.dead_letter_queue?;
        (to != queue.destination.name).then_some(DeadLetterPolicy { max_claim_count })
    }

    /// Moves all exhausted messages of a queue. Never fails the claim that met them: what does not move now is kept and
    /// moves later.
    pub(crate) async fn move_dead_letters(&self, queue: &Queue) {
        let attributes = Attributes::of(&queue.metadata);
        // Without a dead-letter queue (any more) they stay out of reach until there is one again, or they expire.
        let Some(to) = attributes.dead_letter_queue else { return };
        let dead_lettering = DeadLettering {
            stores: self.stores.clone(),
            clock: Arc::clone(&self.clock),
            from: queue.destination.clone(),
            to: DestinationName::queue(to),
            ttl: attributes.dead_letter_ttl.map(TtlSeconds::new),
        };
        if let Err(error) = run_detached(async move { dead_lettering.run().await }).await {
            let queue = &queue.destination.name;
            tracing::warn!(%error, %queue, "dead letters could not be moved yet");
        }
    }
}

/// The move of one queue's exhausted messages.
struct DeadLettering {
    stores: Stores,
    clock: Arc<dyn Clock>,
    from: Destination,
    to: DestinationName,
    ttl: Option<TtlSeconds>,
}

impl DeadLettering {
    async fn run(&self) -> StorageResult<()> {
        let store = &self.stores.messages;
        loop {
            let now = self.clock.now();
            let exhausted = store.dead_letters(&self.from, AT_ONCE, now).await?;
            if exhausted.is_empty() {
                return Ok(());
            }
            let moved: Vec<_> = exhausted.into_iter().map(|stored| freed(stored, self.ttl, now)).collect();
            let queue =
                self.stores.find_or_create(&self.from.project, &self.to, NewQueue::default(), now).await?;
            repeat(|_| store.move_dead_letters(&self.from, &queue.destination, &moved, now)).await?;
        }
    }
}

/// The message as it arrives: free at once, as if it had never been claimed. With a time to live of the queue's own it
/// lives that long from now, otherwise as long as it would have.
pub(crate) fn freed(mut stored: StoredMessage, ttl: Option<TtlSeconds>, now: Timestamp) -> StoredMessage {
    stored.message.claim = None;
    stored.message.claim_count = 0;
    if let Some(ttl) = ttl {
        stored.message.ttl = ttl;
        stored.expires = ttl.after(now);
    }
    stored
}
