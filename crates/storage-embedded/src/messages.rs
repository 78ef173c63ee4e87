//! Messages: posting, listing, reading and deleting them, and dead letters.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::oneshot;
use zaqar_model::{ClaimId, Destination, Marker, Message, MessageId, QueueStats, StoredMessage, Timestamp};
use zaqar_storage::{
    Adoption, Deletion, Guard, MessagePage, MessageQuery, Messages, Post, StorageError, StorageResult,
};

use crate::EmbeddedMessageStore;
use crate::index::{Entry, QueueIndex};
use crate::listing::Listing;
use crate::log::Record;
use crate::queues::{Locked, Queue};
use crate::read::{LocatedMessage, listed, messages};
use crate::transit::{Stage, Transit};
use crate::writer::{Operation, answer};

/// Maximum bytes of adopted messages in one operation.
pub(crate) const ADOPTED_AT_ONCE: usize = 256 << 10;

#[async_trait::async_trait]
impl Messages for EmbeddedMessageStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        let queue = self.queues.find_or_create(to).ok_or(StorageError::NotFound("queue"))?;
        let (reply, receiver) = oneshot::channel();
        let (client, messages) = (post.client.clone(), post.messages.to_vec());
        self.writer.submit(Operation::Post { queue, client, messages, now, reply })?;
        answer(receiver).await
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        let Some(queue) = self.find(from)? else {
            return Ok(MessagePage { is_end: true, ..MessagePage::default() });
        };
        let mut listing = Listing::new(&self.queues.segments, query, now);
        while !listing.go_on(&self.queues.lock_at(&queue, now).here()?.index) {
            tokio::task::yield_now().await;
        }
        let (reached, is_end) = (listing.reached(), listing.is_end());
        Ok(MessagePage { items: listed(listing.found).await?, reached, is_end })
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        let Some(queue) = self.find(from)? else { return Ok(Vec::new()) };
        let found = {
            let locked = self.queues.lock_at(&queue, now).here()?;
            let sequences = ids.iter().filter_map(|id| locked.index.find(*id));
            self.found(&locked.index, sequences)
        };
        messages(found).await
    }

    async fn delete(
        &self,
        from: &Destination,
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let Some(queue) = self.find(from)? else { return Ok(Deletion::Done) };
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            let mut sequences = Vec::with_capacity(ids.len());
            for sequence in ids.iter().filter_map(|id| locked.index.find(*id)) {
                let entry = locked.index.get(sequence);
                match entry.map_or(Deletion::Done, |entry| permits(guard, &locked.index, sequence, entry)) {
                    Deletion::Done => sequences.push(sequence),
                    refusal => return Ok(refusal),
                }
            }
            sequences.sort_unstable();
            sequences.dedup();
            if sequences.is_empty() { None } else { Some(self.remove(&queue, &mut locked, sequences)?) }
        };
        self.done(&queue, receiver).await?;
        Ok(Deletion::Done)
    }

    async fn purge(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        let Some(queue) = self.find(destination)? else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            let below = locked.index.next_sequence;
            let receiver = self.log(&mut locked, &Record::Purge { destination: queue.number, below })?;
            locked.index.purge(below);
            receiver
        };
        answer(receiver).await
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        let Some(queue) = self.find(destination)? else { return Ok(QueueStats::default()) };
        let locked = self.queues.lock_at(&queue, now).here()?;
        let index = &locked.index;
        let named = |(sequence, entry): (u64, &Entry)| (index.id_of(sequence), entry.created);
        Ok(QueueStats {
            claimed: index.claimed(),
            free: index.live() - index.claimed(),
            oldest: index.first().map(named),
            newest: index.last().map(named),
        })
    }

    async fn drop_destination(&self, destination: &Destination, now: Timestamp) -> StorageResult<()> {
        // A queue that is not known yet may have a post on its way.
        let Some(queue) = self.queues.find_or_create(destination) else {
            // Another call drops it, or has dropped it: wait until that is durable.
            return answer(self.barrier()?).await;
        };
        let (receiver, is_left) = {
            let mut locked = self.queues.lock(&queue);
            let transit = locked.transit;
            let left = transit.is_elsewhere().then(|| transit.at(Stage::Left));
            (self.drop_locked(&queue, &mut locked, left, now)?, left.is_some())
        };
        if !is_left {
            self.queues.forget(queue.number);
        }
        answer(receiver).await
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.take_in(to, messages, adoption, None, now).await
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.wait_behind(at, behind).await
    }
}

impl EmbeddedMessageStore {
    /// Returns the queue, if anything was ever posted to it.
    pub(crate) fn find(&self, destination: &Destination) -> StorageResult<Option<Arc<Queue>>> {
        self.writer.check_open()?;
        Ok(self.queues.find(destination.number.get()))
    }

    /// Refuses a queue that lives in another store.
    pub(crate) fn check_here(&self, queue: &Destination) -> StorageResult<()> {
        match self.find(queue)? {
            Some(queue) => self.queues.lock(&queue).here().map(drop),
            None => Ok(()),
        }
    }

    /// Takes in messages from elsewhere, a bounded number of bytes at a time.
    pub(crate) async fn take_in(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        source: Option<&Arc<Queue>>,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.check_here(to)?;
        let mut waiting = messages.iter().peekable();
        while waiting.peek().is_some() {
            let mut bytes = 0;
            let mut messages = Vec::new();
            while let Some(stored) = waiting.next_if(|_| bytes < ADOPTED_AT_ONCE) {
                if stored.expires > now {
                    bytes += stored.message.body.as_bytes().len();
                    messages.push(stored.clone());
                }
            }
            if messages.is_empty() {
                continue;
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

    /// Drops everything in a queue. If it lives in another store, it is remembered as `left`; otherwise the caller forgets it
    /// when the lock is free.
    pub(crate) fn drop_locked(
        &self,
        queue: &Queue,
        locked: &mut Locked<'_>,
        left: Option<Transit>,
        now: Timestamp,
    ) -> StorageResult<oneshot::Receiver<StorageResult<()>>> {
        let was_left = locked.transit.stage() == Stage::Left;
        let receiver = if locked.is_dropped {
            self.barrier()?
        } else {
            self.log(locked, &Record::Drop { destination: queue.number })?
        };
        locked.is_dropped = true;
        locked.index.clear();
        locked.transit = left.unwrap_or_default();
        queue.arrivals.notify_waiters();
        if left.is_some() && !was_left {
            self.queues.keep_as_left(queue.number, now);
        }
        Ok(receiver)
    }

    /// Waits until all operations submitted before are durable.
    pub(crate) fn barrier(&self) -> StorageResult<oneshot::Receiver<StorageResult<()>>> {
        let (reply, receiver) = oneshot::channel();
        self.writer.submit(Operation::Log { records: Vec::new(), frees: true, reply })?;
        Ok(receiver)
    }

    /// Removes messages from a locked queue.
    pub(crate) fn remove(
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
}

/// Whether a guard lets a message be deleted.
fn permits(guard: Guard<'_>, index: &QueueIndex, sequence: u64, entry: &Entry) -> Deletion {
    match guard {
        Guard::Any => Deletion::Done,
        Guard::Unclaimed if entry.claim.is_some() => Deletion::MessageIsClaimed,
        Guard::Unclaimed => Deletion::Done,
        Guard::HeldBy(claims) => deletion_with_claims(index, sequence, entry, claims),
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
