//! Messages: posting, listing, reading and deleting them, and dead letters.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{
    ClaimId, ClientId, Destination, Marker, Message, MessageId, NewMessage, Page, QueueStats, StoredMessage,
    Timestamp,
};
use zaqar_storage::{Adoption, Deletion, MessageQuery, Messages, StorageError, StorageResult};

use crate::EmbeddedMessageStore;
use crate::index::{Entry, QueueIndex};
use crate::listing::Listing;
use crate::log::Record;
use crate::queues::{Locked, Queue};
use crate::read::{LocatedMessage, messages, stored_messages};
use crate::writer::{Operation, answer};

/// Maximum bytes of adopted messages in one operation.
pub(crate) const ADOPTED_AT_ONCE: usize = 256 << 10;

#[async_trait::async_trait]
impl Messages for EmbeddedMessageStore {
    async fn post(
        &self,
        to: &Destination,
        client: &ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let queue = self.queues.find_or_create(to).ok_or(StorageError::NotFound("queue"))?;
        let (reply, receiver) = oneshot::channel();
        self.writer.submit(Operation::Post { queue, client: client.clone(), messages, now, reply })?;
        answer(receiver).await
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<Page<Message, Marker>> {
        let Some(queue) = self.find(from)? else { return Ok(Page::empty()) };
        let mut listing = Listing::new(&self.queues.segments, query, now);
        while !listing.go_on(&self.queues.lock_at(&queue, now).index) {
            tokio::task::yield_now().await;
        }
        Ok(Page { next: listing.next, items: messages(listing.found).await? })
    }

    async fn marker_of(&self, from: &Destination, id: MessageId) -> StorageResult<Option<Marker>> {
        let Some(queue) = self.find(from)? else { return Ok(None) };
        Ok(self.queues.lock(&queue).index.sequence_of(id).map(Marker::new))
    }

    async fn within_reach_at(
        &self,
        from: &Destination,
        id: MessageId,
        now: Timestamp,
    ) -> StorageResult<Option<Timestamp>> {
        let Some(queue) = self.find(from)? else { return Ok(None) };
        let locked = self.queues.lock_at(&queue, now);
        let entry = locked.index.find(id).and_then(|sequence| locked.index.get(sequence));
        Ok(entry.map(|entry| entry.delayed_until))
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let found = {
            let locked = self.queues.lock_at(&queue, now);
            let sequences = ids.iter().filter_map(|id| locked.index.find(*id));
            self.found(&locked.index, sequences)
        };
        messages(found).await
    }

    async fn delete(
        &self,
        from: &Destination,
        id: MessageId,
        claim: Option<ClaimId>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let Some(queue) = self.find(from)? else { return Ok(Deletion::Done) };
        let verdict = |index: &QueueIndex, sequence, entry: &Entry| match claim {
            Some(claim) => deletion_with_claims(index, sequence, entry, &[claim]),
            None if entry.claim.is_some() => Deletion::MessageIsClaimed,
            None => Deletion::Done,
        };
        self.remove_if(&queue, &[id], now, verdict).await
    }

    async fn delete_many(
        &self,
        from: &Destination,
        ids: &[MessageId],
        claims: Option<&[ClaimId]>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let Some(queue) = self.find(from)? else { return Ok(Deletion::Done) };
        let verdict = |index: &QueueIndex, sequence, entry: &Entry| {
            claims.map_or(Deletion::Done, |claims| deletion_with_claims(index, sequence, entry, claims))
        };
        self.remove_if(&queue, ids, now, verdict).await
    }

    async fn pop(&self, from: &Destination, limit: usize, now: Timestamp) -> StorageResult<Vec<Message>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let (found, receiver) = {
            let mut locked = self.queues.lock_at(&queue, now);
            let sequences: Vec<u64> =
                locked.index.available_from(0).take(limit).map(|(sequence, _)| sequence).collect();
            if sequences.is_empty() {
                return Ok(Vec::new());
            }
            let found = self.found(&locked.index, sequences.iter().copied());
            (found, self.remove(&queue, &mut locked, sequences)?)
        };
        let popped = messages(found).await?;
        answer(receiver).await?;
        Ok(popped)
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        let Some(queue) = self.find(destination)? else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now);
            let below = locked.index.next_sequence;
            let receiver = self.log(&mut locked, &Record::Purge { destination: queue.number, below })?;
            locked.index.purge(below);
            receiver
        };
        answer(receiver).await
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        let Some(queue) = self.find(destination)? else { return Ok(QueueStats::default()) };
        let locked = self.queues.lock_at(&queue, now);
        let index = &locked.index;
        let named = |(sequence, entry): (u64, &Entry)| (index.id_of(sequence), entry.created);
        Ok(QueueStats {
            claimed: index.claimed(),
            free: index.live() - index.claimed(),
            oldest: index.first().map(named),
            newest: index.last().map(named),
        })
    }

    async fn drop_destination(&self, destination: &Destination) -> StorageResult<()> {
        let number = destination.number.get();
        // A queue that is not known yet may have a post on its way.
        let receiver = match self.queues.find_or_create(destination) {
            Some(queue) => {
                let mut locked = self.queues.lock(&queue);
                let receiver = self.log(&mut locked, &Record::Drop { destination: number })?;
                locked.is_dropped = true;
                locked.index.clear();
                queue.arrivals.notify_waiters();
                receiver
            }
            // Another call drops it, or has dropped it: wait until that is durable.
            None => self.barrier()?,
        };
        self.queues.forget(number);
        answer(receiver).await
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: Vec<StoredMessage>,
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.take_in(to, messages, adoption, None, now).await
    }

    async fn move_exhausted(
        &self,
        from: &Destination,
        to: &Destination,
        messages: Vec<StoredMessage>,
        now: Timestamp,
    ) -> StorageResult<()> {
        match self.find(from)? {
            Some(source) => self.take_in(to, messages, Adoption::Arrival, Some(&source), now).await,
            None => Ok(()),
        }
    }

    async fn exhausted(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let found = {
            let locked = self.queues.lock_at(&queue, now);
            let index = &locked.index;
            index
                .dead_letters
                .iter()
                .take(limit)
                .map(|(_, id, entry)| LocatedMessage::dead_letter(&self.queues.segments, id, entry))
                .collect()
        };
        stored_messages(found).await
    }

    async fn discard_exhausted(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        let Some(queue) = self.find(from)? else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock(&queue);
            let sequences = ids.iter().filter_map(|id| locked.index.dead_letters.find(*id)).collect();
            self.remove(&queue, &mut locked, sequences)?
        };
        answer(receiver).await
    }

    async fn with_exhausted(&self) -> StorageResult<Vec<Destination>> {
        self.writer.check_open()?;
        let queues = self.queues.with_exhausted().into_iter();
        Ok(queues.filter_map(|queue| queue.identity.get().cloned()).collect())
    }
}

impl EmbeddedMessageStore {
    /// Returns the queue, if anything was ever posted to it.
    pub(crate) fn find(&self, destination: &Destination) -> StorageResult<Option<Arc<Queue>>> {
        self.writer.check_open()?;
        Ok(self.queues.find(destination.number.get()))
    }

    /// Adopts messages from elsewhere, a bounded number of bytes at a time.
    async fn take_in(
        &self,
        to: &Destination,
        messages: Vec<StoredMessage>,
        adoption: Adoption,
        source: Option<&Arc<Queue>>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut waiting = messages.into_iter().filter(|stored| stored.expires > now).peekable();
        while waiting.peek().is_some() {
            let mut bytes = 0;
            let mut messages = Vec::new();
            while let Some(stored) = waiting.next_if(|_| bytes < ADOPTED_AT_ONCE) {
                bytes += stored.message.body.as_bytes().len();
                messages.push(stored);
            }
            let queue = self.queues.find_or_create(to).ok_or(StorageError::NotFound("queue"))?;
            let (reply, receiver) = oneshot::channel();
            let leaving = source.cloned();
            self.writer.submit(Operation::Adopt { queue, messages, adoption, leaving, reply })?;
            answer(receiver).await?;
        }
        Ok(())
    }

    /// Locates messages by their sequence numbers, in the order given.
    pub(crate) fn found(
        &self,
        index: &QueueIndex,
        sequences: impl Iterator<Item = u64>,
    ) -> Vec<LocatedMessage> {
        sequences
            .filter_map(|sequence| {
                let entry = index.get(sequence)?;
                Some(LocatedMessage::new(&self.queues.segments, index, sequence, entry))
            })
            .collect()
    }

    /// Submits a record to the log. Called before the index is changed, under the same lock: so the log can refuse
    /// the change, and has the changes in the order in which they were made.
    pub(crate) fn log(
        &self,
        locked: &mut Locked<'_>,
        record: &Record<'_>,
    ) -> StorageResult<oneshot::Receiver<StorageResult<()>>> {
        let mut records = Vec::with_capacity(128);
        record.encode(&mut records);
        let (reply, receiver) = oneshot::channel();
        let frees = matches!(
            record,
            Record::Release { .. }
                | Record::Delete { .. }
                | Record::Purge { .. }
                | Record::Drop { .. }
                | Record::Unsubscribe { .. }
                | Record::Discard { .. }
        );
        locked.last_ticket = self.writer.submit(Operation::Log { records, frees, reply })?;
        Ok(receiver)
    }

    /// Waits until a change is durable. `None`: another call makes or made the same change; wait until that is
    /// durable.
    pub(crate) async fn done(
        &self,
        queue: &Queue,
        change: Option<oneshot::Receiver<StorageResult<()>>>,
    ) -> StorageResult<()> {
        match change {
            Some(receiver) => answer(receiver).await,
            None => self.settled(queue).await,
        }
    }

    /// Waits until all earlier changes of this queue are durable.
    pub(crate) async fn settled(&self, queue: &Queue) -> StorageResult<()> {
        let last_ticket = self.queues.lock(queue).last_ticket;
        if self.writer.is_committed(last_ticket) {
            return Ok(());
        }
        answer(self.barrier()?).await
    }

    /// Waits until all operations submitted before are durable.
    fn barrier(&self) -> StorageResult<oneshot::Receiver<StorageResult<()>>> {
        let (reply, receiver) = oneshot::channel();
        self.writer.submit(Operation::Log { records: Vec::new(), frees: true, reply })?;
        Ok(receiver)
    }

    /// Removes messages from a locked queue.
    fn remove(
        &self,
        queue: &Queue,
        locked: &mut Locked<'_>,
        sequences: Vec<u64>,
    ) -> StorageResult<oneshot::Receiver<StorageResult<()>>> {
        let record = Record::Delete { destination: queue.number, sequences: Cow::Borrowed(&sequences) };
        let receiver = self.log(locked, &record)?;
        sequences.into_iter().for_each(|sequence| locked.index.remove(sequence));
        Ok(receiver)
    }

    /// Removes those messages that exist, if the verdict on each of them is `Done`.
    async fn remove_if(
        &self,
        queue: &Queue,
        ids: &[MessageId],
        now: Timestamp,
        verdict: impl Fn(&QueueIndex, u64, &Entry) -> Deletion + Send,
    ) -> StorageResult<Deletion> {
        let receiver = {
            let mut locked = self.queues.lock_at(queue, now);
            let mut sequences: Vec<u64> = ids.iter().filter_map(|id| locked.index.find(*id)).collect();
            sequences.sort_unstable();
            sequences.dedup();
            let index = &locked.index;
            let verdicts = ids.iter().filter_map(|id| {
                let sequence = index.find(*id)?;
                Some(verdict(index, sequence, index.get(sequence)?))
            });
            let refusal = verdicts.into_iter().find(|verdict| *verdict != Deletion::Done);
            if let Some(refusal) = refusal {
                return Ok(refusal);
            }
            if sequences.is_empty() { None } else { Some(self.remove(queue, &mut locked, sequences)?) }
        };
        self.done(queue, receiver).await?;
        Ok(Deletion::Done)
    }
}

/// Whether a message may be deleted by the holder of these claims.
fn deletion_with_claims(index: &QueueIndex, sequence: u64, entry: &Entry, claims: &[ClaimId]) -> Deletion {
    let Some(holder) = entry.claim.and_then(|key| index.claims.get(key)) else {
        let last = index.released.last(sequence);
        let is_late = last.is_some_and(|last| claims.contains(&last.id));
        return if is_late { Deletion::Done } else { Deletion::MessageNotClaimed };
    };
    if claims.contains(&holder.lease.id) {
        Deletion::Done
    } else if claims.iter().any(|claim| index.claims.find(*claim).is_some()) {
        Deletion::ClaimedByAnother
    } else {
        Deletion::ClaimDoesNotExist
    }
}
