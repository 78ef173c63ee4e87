//! Messages: posted, listed, fetched, deleted.

use zaqar_model::{
    ClaimId, ClientId, Destination, Marker, Message, MessageId, NewMessage, QueueStats, StoredMessage,
    Timestamp,
};
use zaqar_storage::{
    Adoption, Deletion, Guard, ListStart, ListedMessage, MessagePage, MessageQuery, Messages, Post,
    StorageResult,
};

use super::ReferenceStore;
use super::contents::{Contents, Entry};

#[async_trait::async_trait]
impl Messages for ReferenceStore {
    async fn post(&self, to: &Destination, post: &Post<'_>, now: Timestamp) -> StorageResult<Vec<MessageId>> {
        let mut contents = self.live_contents(to)?;
        if let Some((_, ids)) = contents.batches.get(&post.batch) {
            return Ok(ids.clone());
        }
        let mut ids = Vec::new();
        for new in post.messages {
            let id = message_id(to, contents.last_sequence + 1);
            let stored = stored(id, post.client, new.clone(), now);
            let position = contents.append(stored.clone());
            contents.owe(position, &stored, now);
            ids.push(id);
        }
        contents.batches.insert(post.batch, (now, ids.clone()));
        self.owed.notify_one();
        self.changed.notify_waiters();
        Ok(ids)
    }

    async fn list(
        &self,
        from: &Destination,
        query: &MessageQuery,
        now: Timestamp,
    ) -> StorageResult<MessagePage> {
        let contents = self.contents(from)?;
        let end = contents.last_sequence;
        let place_of = |id| {
            let entry = contents.entries.iter().find(|entry| entry.stored.message.id == id);
            entry.map_or(0, |entry| entry.sequence)
        };
        let start = match query.start {
            ListStart::Start => 0,
            ListStart::Behind(marker) => marker.get().min(end),
            ListStart::BehindMessage(id) => place_of(id),
            ListStart::End => end,
        };
        let mut page = MessagePage { items: Vec::new(), reached: Marker::new(start), is_end: start == end };
        let mut bytes = 0;
        let wanted = contents
            .visible(now)
            .filter(|entry| entry.sequence > start)
            .filter(|entry| query.without_client.as_ref() != Some(&entry.stored.client))
            .filter(|entry| query.include_claimed || contents.holder(entry, now).is_none())
            .filter(|entry| query.include_delayed || now >= entry.stored.delayed_until);
        for entry in wanted {
            if page.items.len() >= query.limit || bytes >= query.max_bytes {
                return Ok(page);
            }
            let (position, delayed_until) = (Marker::new(entry.sequence), entry.stored.delayed_until);
            let message = contents.show(entry, now);
            bytes += message.body.as_bytes().len();
            page.items.push(ListedMessage { position, delayed_until, message });
            page.reached = position;
        }
        if query.limit > 0 {
            (page.reached, page.is_end) = (Marker::new(end), true);
        }
        Ok(page)
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
        ids: &[MessageId],
        guard: Guard<'_>,
        now: Timestamp,
    ) -> StorageResult<Deletion> {
        let mut contents = self.contents(from)?;
        for entry in ids.iter().filter_map(|id| contents.find(*id, now)) {
            let outcome = match guard {
                Guard::Any => Deletion::Done,
                Guard::Unclaimed if contents.holder(entry, now).is_some() => Deletion::MessageIsClaimed,
                Guard::Unclaimed => Deletion::Done,
                Guard::HeldBy(claims) => deletion_with_claims(&contents, entry, claims, now),
            };
            if outcome != Deletion::Done {
                return Ok(outcome);
            }
        }
        ids.iter().for_each(|id| contents.remove(*id));
        Ok(Deletion::Done)
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

    async fn drop_destination(&self, destination: &Destination, _now: Timestamp) -> StorageResult<()> {
        let mut state = self.state()?;
        state.note_dropped(destination);
        state.contents.remove(destination);
        state.dropped.insert(destination.clone());
        self.changed.notify_waiters();
        Ok(())
    }

    async fn adopt(
        &self,
        to: &Destination,
        messages: &[StoredMessage],
        adoption: Adoption,
        now: Timestamp,
    ) -> StorageResult<()> {
        self.live_contents(to)?.adopt(messages.iter().cloned(), adoption, now);
        self.owed.notify_one();
        self.changed.notify_waiters();
        Ok(())
    }

    async fn wait_for_messages(&self, at: &Destination, behind: Marker) -> StorageResult<()> {
        self.wait_behind(at, behind).await
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
