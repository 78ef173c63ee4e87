//! Messages: posted, listed, fetched, deleted.

use zaqar_model::{
    ClaimId, ClientId, Destination, Marker, Message, MessageId, NewMessage, Page, QueueStats, StoredMessage,
    Timestamp,
};
use zaqar_storage::{Adoption, Deletion, MessageQuery, Messages, StorageResult};

use super::ModelStore;
use super::contents::{Contents, Entry};

#[async_trait::async_trait]
impl Messages for ModelStore {
    async fn post(
        &self,
        to: &Destination,
        client: &ClientId,
        messages: Vec<NewMessage>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let mut contents = self.live_contents(to)?;
        let mut ids = Vec::new();
        for new in messages {
            let id = message_id(to, contents.last_sequence + 1);
            let stored = stored(id, client, new, now);
            let position = contents.append(stored.clone());
            contents.owe(position, &stored, now);
            ids.push(id);
        }
        self.owed.notify_one();
        self.changed.notify_waiters();
        Ok(ids)
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<Page<Message, Marker>> {
        let contents = self.contents(from)?;
        let behind = query.page.marker.map_or(0, Marker::get);
        let entries: Vec<&Entry> = contents
            .visible(now)
            .filter(|entry| entry.sequence > behind)
            .filter(|entry| query.without_client.as_ref() != Some(&entry.stored.client))
            .filter(|entry| query.include_claimed || contents.holder(entry, now).is_none())
            .filter(|entry| query.include_delayed || now >= entry.stored.delayed_until)
            .take(query.page.limit)
            .collect();
        Ok(Page {
            items: entries.iter().map(|entry| contents.show(entry, now)).collect(),
            next: entries.last().map(|entry| Marker::new(entry.sequence)),
        })
    }

    async fn marker_of(&self, from: &Destination, id: MessageId) -> StorageResult<Option<Marker>> {
        let contents = self.contents(from)?;
        let entry = contents.entries.iter().find(|entry| entry.stored.message.id == id);
        Ok(entry.map(|entry| Marker::new(entry.sequence)))
    }

    async fn within_reach_at(
        &self,
        from: &Destination,
        id: MessageId,
        now: Timestamp,
    ) -> StorageResult<Option<Timestamp>> {
        Ok(self.contents(from)?.find(id, now).map(|entry| entry.stored.delayed_until))
    }

    async fn get(
        &self,
        from: &Destination,
        ids: &[MessageId],
        now: Timestamp,
    ) -> StorageResult<Vec<Message>> {
        let contents = self.contents(from)?;
        let found = ids.iter().filter_map(|id| contents.find(*id, now));
        Ok(found.map(|entry| contents.show(entry, now)).collect())
    }

    async fn delete(
        &self,
        from: &Destination,
        id: MessageId,
        claim: Option<ClaimId>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let mut contents = self.contents(from)?;
        let Some(entry) = contents.find(id, now) else { return Ok(Deletion::Done) };
        let outcome = match (contents.holder(entry, now), claim) {
            (Some(_), None) => Deletion::MessageIsClaimed,
            (None, None) => Deletion::Done,
            (_, Some(claim)) => deletion_with_claims(&contents, entry, &[claim], now),
        };
        if outcome == Deletion::Done {
            contents.remove(id);
        }
        Ok(outcome)
    }

    async fn delete_many(
        &self,
        from: &Destination,
        ids: &[MessageId],
        claims: Option<&[ClaimId]>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let mut contents = self.contents(from)?;
        if let Some(claims) = claims {
            for entry in ids.iter().filter_map(|id| contents.find(*id, now)) {
                let outcome = deletion_with_claims(&contents, entry, claims, now);
                if outcome != Deletion::Done {
                    return Ok(outcome);
                }
            }
        }
        for id in ids {
            contents.remove(*id);
        }
        Ok(Deletion::Done)
    }

    async fn pop(&self, from: &Destination, limit: usize, now: Timestamp) -> StorageResult<Vec<Message>> {
        let mut contents = self.contents(from)?;
        let taken: Vec<Message> = contents
            .entries
            .iter()
            .filter(|entry| contents.is_free(entry, now))
            .take(limit)
            .map(|entry| contents.show(entry, now))
            .collect();
        for message in &taken {
            contents.remove(message.id);
        }
        Ok(taken)
    }

    async fn purge(&self, destination: &Destination, _now: Timestamp) -> StorageResult<()> {
        let mut contents = self.contents(destination)?;
        contents.entries.clear();
        contents.claims.clear();
        Ok(())
    }

    async fn stats(&self, destination: &Destination, now: Timestamp) -> StorageResult<QueueStats> {
        Ok(self.contents(destination)?.stats(now))
    }

    async fn drop_destination(&self, destination: &Destination) -> StorageResult<()> {
        let mut state = self.state()?;
        state.contents.remove(destination);
        state.dropped.insert(destination.clone());
        self.changed.notify_waiters();
        Ok(())
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: Vec<StoredMessage>,
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut contents = self.live_contents(to)?;
        for mut stored in messages {
            if contents.entries.iter().any(|entry| entry.stored.message.id == stored.message.id) {
                continue;
            }
            stored.message.claim = None;
            let position = contents.append(stored.clone());
            if adoption == Adoption::Arrival && now < stored.expires {
                contents.owe(position, &stored, now);
            }
        }
        self.owed.notify_one();
        self.changed.notify_waiters();
        Ok(())
    }

    async fn exhausted(
        &self,
        from: &Destination,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<StoredMessage>> {
        let contents = self.contents(from)?;
        let waiting = contents.exhausted.iter().map(|entry| &entry.stored);
        Ok(waiting.filter(|stored| now < stored.expires).take(limit).cloned().collect())
    }

    async fn move_exhausted(
        &self,
        from: &Destination,
        to: &Destination,
        mut messages: Vec<StoredMessage>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let waiting = self.exhausted(from, usize::MAX, now).await?;
        messages.retain(|stored| waiting.iter().any(|other| other.message.id == stored.message.id));
        let ids: Vec<_> = messages.iter().map(|stored| stored.message.id).collect();
        self.adopt(to, messages, Adoption::Arrival, now).await?;
        self.discard_exhausted(from, &ids).await
    }

    async fn discard_exhausted(&self, from: &Destination, ids: &[MessageId]) -> StorageResult<()> {
        self.contents(from)?.exhausted.retain(|entry| !ids.contains(&entry.stored.message.id));
        Ok(())
    }

    async fn with_exhausted(&self) -> StorageResult<Vec<Destination>> {
        let state = self.state()?;
        let waiting = state.contents.iter().filter(|(_, contents)| !contents.exhausted.is_empty());
        Ok(waiting.map(|(destination, _)| destination.clone()).collect())
    }
}

/// What becomes of a message that is to be deleted by the bearer of these claims.
fn deletion_with_claims(contents: &Contents, entry: &Entry, claims: &[ClaimId], now: Timestamp) -> Deletion {
    match contents.holder(entry, now) {
        None if entry.stored.message.claim.is_some_and(|last| claims.contains(&last)) => Deletion::Done,
        None => Deletion::MessageNotClaimed,
        Some(holder) if claims.contains(&holder) => Deletion::Done,
        Some(_) if claims.iter().any(|claim| contents.claim_is_live(*claim, now)) => {
            Deletion::ClaimedByAnother
        }
        Some(_) => Deletion::ClaimDoesNotExist,
    }
}

fn message_id(to: &Destination, sequence: u64) -> MessageId {
    MessageId::from_u128(u128::from(to.number.get()) << 64 | u128::from(sequence))
}

fn stored(id: MessageId, client: &ClientId, new: NewMessage, now: Timestamp) -> StoredMessage {
    StoredMessage {
        client: client.clone(),
        expires: new.ttl.after(now),
        delayed_until: new.delay.after(now),
        is_letter: false,
        message: Message {
            id,
            ttl: new.ttl,
            created: now,
            body: new.body,
            checksum: new.checksum,
            claim: None,
            claim_count: 0,
        },
    }
}
