//! Migration: a queue goes to another store with everything in it.

use zaqar_model::{ClaimHold, Destination, Marker, MessageId, MovingMessage, Timestamp};
use zaqar_storage::{Migration, StorageResult};

use super::ModelStore;
use super::contents::{ClaimRecord, Contents, Entry};

#[async_trait::async_trait]
impl Migration for ModelStore {
    async fn export(
        &self,
        from: &Destination,
        behind: Marker,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let contents = self.contents(from)?;
        Ok(leaving(&contents, now).filter(|moving| moving.position > behind).take(limit).collect())
    }

    async fn export_some(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<MovingMessage>> {
        let contents = self.contents(from)?;
        Ok(leaving(&contents, now).filter(|moving| ids.contains(&moving.stored.message.id)).collect())
    }

    async fn last_position(&self, from: &Destination) -> StorageResult<Marker> {
        Ok(Marker::new(self.contents(from)?.last_sequence))
    }

    async fn import(
        &self,
        to: &Destination,
        messages: Vec<MovingMessage>,
        last: Marker,
        _now: Timestamp,
    ) -> StorageResult<()> {
        self.state()?.dropped.remove(to);
        let mut contents = self.contents(to)?;
        for MovingMessage { position, mut stored, hold, exhausted } in messages {
            let sequence = position.get();
            contents.entries.retain(|entry| entry.sequence != sequence);
            contents.exhausted.retain(|entry| entry.sequence != sequence);
            stored.message.claim = hold.map(|hold| hold.id);
            if let Some(ClaimHold { id, ttl, renewed }) = hold {
                contents.claims.insert(id, ClaimRecord { ttl, renewed });
            }
            let list = if exhausted { &mut contents.exhausted } else { &mut contents.entries };
            list.push(Entry { sequence, stored });
            list.sort_by_key(|entry| entry.sequence);
            contents.last_sequence = contents.last_sequence.max(sequence);
        }
        contents.last_sequence = contents.last_sequence.max(last.get());
        self.changed.notify_waiters();
        Ok(())
    }
}

/// Everything that has not expired, in the order of the positions.
fn leaving(contents: &Contents, now: Timestamp) -> impl Iterator<Item = MovingMessage> {
    let waiting = contents.exhausted.iter().map(|entry| (entry, true));
    let mut all: Vec<_> = contents.entries.iter().map(|entry| (entry, false)).chain(waiting).collect();
    all.retain(|(entry, _)| now < entry.stored.expires);
    all.sort_by_key(|(entry, _)| entry.sequence);
    all.into_iter().map(move |(entry, exhausted)| {
        let mut stored = entry.stored.clone();
        let hold = contents.holder(entry, now).and_then(|id| {
            let ClaimRecord { ttl, renewed } = *contents.claims.get(&id)?;
            Some(ClaimHold { id, ttl, renewed })
        });
        stored.message.claim = hold.map(|hold| hold.id);
        MovingMessage { position: Marker::new(entry.sequence), stored, hold, exhausted }
    })
}
