//! A page of an export: chosen under the queue's lock, and read from the log behind it.

use std::collections::HashMap;
use std::sync::Arc;

use zaqar_model::{
    AttemptRecord, Destination, ExportedDelivery, ExportedItem, ExportedMessage, Marker, MoveId,
    StoredMessage, SubscriptionId, Timestamp,
};
use zaqar_storage::{ExportCursor, ExportPage, StorageError, StorageResult};

use super::not_begun;
use crate::EmbeddedMessageStore;
use crate::deliveries::attempts::{LocatedAttempt, read_of_all};
use crate::index::{Exported, QueueIndex};
use crate::log::{Placement, Segments};
use crate::queues::Queue;
use crate::read::{LocatedMessage, stored_messages_at};
use crate::subscriptions::to_subscription;
use crate::transit::Stage;

/// An item, before what is on disk was read.
enum Leaving {
    Item(ExportedItem),
    Message(LeavingMessage),
    Attempt(SubscriptionId, u64),
}

struct LeavingMessage {
    sequence: u64,
    placement: Placement,
    posted: bool,
}

/// What is to be read.
#[derive(Default)]
struct OnDisk {
    messages: Vec<LocatedMessage>,
    attempts: Vec<(SubscriptionId, LocatedAttempt)>,
}

impl EmbeddedMessageStore {
    /// The cursors are the numbers of the pages.
    pub(super) async fn export_page(
        &self,
        from: &Destination,
        mover: MoveId,
        cursor: &ExportCursor,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<ExportPage> {
        let queue = self.find(from)?.ok_or_else(not_begun)?;
        let behind = if cursor.0.is_empty() { 0 } else { cursor.0.parse().map_err(|_| past())? };
        let mut on_disk = OnDisk::default();
        let (leaving, number, is_caught_up) = {
            let mut locked = self.queues.lock_at(&queue, now);
            if !locked.transit.is_exported_by(mover) {
                return Err(not_begun());
            }
            let is_sealed = locked.transit.stage() == Stage::Sealed;
            let (page, number) = locked.index.export_page(behind, limit, is_sealed).map_err(|_| past())?;
            let is_caught_up = page.len() < limit;
            let mut leaving = Vec::with_capacity(page.len());
            for exported in page {
                leaving.extend(self.leaving(&queue, &locked.index, exported, &mut on_disk)?);
            }
            (leaving, number, is_caught_up)
        };
        let items = on_disk.read(leaving).await?;
        Ok(ExportPage { items, next: ExportCursor(number.to_string()), is_caught_up })
    }

    /// How something is now. `None`: there is nothing to say about it.
    fn leaving(
        &self,
        queue: &Arc<Queue>,
        index: &QueueIndex,
        exported: Exported,
        on_disk: &mut OnDisk,
    ) -> StorageResult<Option<Leaving>> {
        let item = match exported {
            Exported::Subscription(id) => match (index.subscriptions.get(id), queue.identity.get()) {
                (Some(kept), Some(source)) => ExportedItem::Subscription(to_subscription(source, kept)?),
                _ => ExportedItem::SubscriptionGone(id),
            },
            Exported::Message(sequence) => match located(&self.queues.segments, index, sequence) {
                Some((found, message)) => {
                    on_disk.messages.push(found);
                    return Ok(Some(Leaving::Message(message)));
                }
                None => ExportedItem::MessageGone(Marker::new(sequence)),
            },
            Exported::Delivery(id, sequence) => {
                let Some(cursor) = index.cursor(id) else { return Ok(None) };
                let standing = cursor.standing(sequence, index.has_expired(sequence));
                let (position, message) = (Marker::new(sequence), index.id_of(sequence));
                ExportedItem::Delivery(id, ExportedDelivery { position, message, standing })
            }
            Exported::Attempt(id, number) => {
                let attempts = index.attempts.get(id);
                let Some(entry) = attempts.and_then(|own| own.entries.get(&number)) else { return Ok(None) };
                on_disk.attempts.push((id, LocatedAttempt::new(&self.queues.segments, number, entry)));
                return Ok(Some(Leaving::Attempt(id, number)));
            }
            Exported::Cursor(cursor) => ExportedItem::Cursor(cursor),
            Exported::End => {
                let next = queue.tail.load(std::sync::atomic::Ordering::Relaxed).max(index.next_sequence);
                ExportedItem::End(Marker::new(next.saturating_sub(1)))
            }
        };
        Ok(Some(Leaving::Item(item)))
    }
}

impl OnDisk {
    /// Reads what is on disk, and puts it into its place. What is damaged is skipped.
    async fn read(self, leaving: Vec<Leaving>) -> StorageResult<Vec<ExportedItem>> {
        let mut messages: HashMap<u64, StoredMessage> =
            stored_messages_at(self.messages).await?.into_iter().collect();
        let attempts = read_of_all(self.attempts).await?.into_iter();
        let mut attempts: HashMap<(SubscriptionId, u64), AttemptRecord> =
            attempts.map(|(id, kept)| ((id, kept.number.get()), kept)).collect();
        let items = leaving.into_iter().filter_map(|leaving| match leaving {
            Leaving::Item(item) => Some(item),
            Leaving::Message(message) => {
                let stored = messages.remove(&message.sequence)?;
                Some(ExportedItem::Message(message.with(stored)))
            }
            Leaving::Attempt(id, number) => Some(ExportedItem::Attempt(id, attempts.remove(&(id, number))?)),
        });
        Ok(items.collect())
    }
}

impl LeavingMessage {
    fn with(self, stored: StoredMessage) -> ExportedMessage {
        let Self { sequence, placement, posted } = self;
        let hold = match placement {
            Placement::Claimed(lease) => Some(lease),
            _ => None,
        };
        let (exhausted, kept) = (placement == Placement::DeadLettered, placement == Placement::Retained);
        ExportedMessage { position: Marker::new(sequence), stored, hold, exhausted, posted, kept }
    }
}

fn located(
    segments: &Segments,
    index: &QueueIndex,
    sequence: u64,
) -> Option<(LocatedMessage, LeavingMessage)> {
    let (id, posted) = (index.id_of(sequence), index.is_posted(sequence));
    let (entry, placement) = index.locate(sequence)?;
    let found = match placement {
        Placement::Queued | Placement::Claimed(_) => LocatedMessage::new(segments, index, sequence, entry),
        Placement::DeadLettered => LocatedMessage::dead_letter(segments, id, entry),
        Placement::Retained => LocatedMessage::owed(segments, id, entry),
    };
    Some((found.at(sequence), LeavingMessage { sequence, placement, posted }))
}

fn past() -> StorageError {
    StorageError::Conflict("this page was followed by another one")
}
