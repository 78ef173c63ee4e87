//! A queue (or topic) with the verbs of the contract, made short: the time is the bench's, an error fails the case.

use std::sync::Arc;

use parking_lot::RwLock;
use zaqar_model::{
    Claim, ClaimId, ClaimTerms, ClientId, Clock, Destination, Marker, Message, MessageId, NewMessage, Page,
    QueueStats, StoredMessage, Timestamp,
};
use zaqar_storage::{
    Adoption, ClaimRequest, Claimed, DeadLetterPolicy, Deletion, Guard, ListStart, MessagePage, MessageQuery,
    MessageStore, Post, StorageResult,
};

use crate::ManualClock;
use crate::samples::{claim_of, claim_with_max_count, fresh_batch_id, messages, pop_of, poster};

/// A queue on the bench.
#[derive(Clone, Debug)]
pub struct TestQueue {
    pub destination: Destination,
    store: Arc<RwLock<Arc<dyn MessageStore>>>,
    clock: Arc<ManualClock>,
}

/// Lists everything that can be seen.
pub(crate) fn everything() -> MessageQuery {
    MessageQuery {
        start: ListStart::Start,
        limit: 10_000,
        max_bytes: usize::MAX,
        without_client: None,
        include_claimed: true,
        include_delayed: true,
    }
}

/// Lists what is within reach and not claimed.
pub(crate) fn plain() -> MessageQuery {
    MessageQuery { include_claimed: false, include_delayed: false, ..everything() }
}

/// `query`, but only a page of it.
pub(crate) fn page(query: MessageQuery, marker: Option<Marker>, limit: usize) -> MessageQuery {
    let mut query = query;
    query.start = marker.map_or(ListStart::Start, ListStart::Behind);
    query.limit = limit;
    query
}

pub(crate) fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}

impl TestQueue {
    pub(super) const fn new(
        destination: Destination,
        store: Arc<RwLock<Arc<dyn MessageStore>>>,
        clock: Arc<ManualClock>,
    ) -> Self {
        Self { destination, store, clock }
    }

    /// The same store's queue that is known under this number, name and kind.
    pub fn sibling(&self, destination: Destination) -> Self {
        Self { destination, ..self.clone() }
    }

    /// The same queue, through the store of another server.
    pub fn through(&self, store: Arc<dyn MessageStore>) -> Self {
        Self { store: Arc::new(RwLock::new(store)), ..self.clone() }
    }

    pub fn store(&self) -> Arc<dyn MessageStore> {
        Arc::clone(&self.store.read())
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn post(&self, messages: Vec<NewMessage>) -> Vec<MessageId> {
        self.post_as(&poster(), messages).await
    }

    pub async fn post_as(&self, client: &ClientId, messages: Vec<NewMessage>) -> Vec<MessageId> {
        self.post_batch(&Post { batch: fresh_batch_id(), client, messages: &messages }).await
    }

    pub async fn post_batch(&self, post: &Post<'_>) -> Vec<MessageId> {
        self.store().post(&self.destination, post, self.now()).await.unwrap()
    }

    pub async fn try_post(&self, messages: Vec<NewMessage>) -> StorageResult<Vec<MessageId>> {
        let post = Post { batch: fresh_batch_id(), client: &poster(), messages: &messages };
        self.store().post(&self.destination, &post, self.now()).await
    }

    pub async fn post_one(&self, message: NewMessage) -> MessageId {
        let ids = self.post(vec![message]).await;
        assert_eq!(ids.len(), 1, "one message, one id");
        ids[0]
    }

    /// Posts so many plain messages.
    pub async fn fill(&self, count: usize) -> Vec<MessageId> {
        self.post(messages(count)).await
    }

    pub async fn list_once(&self, query: &MessageQuery) -> MessagePage {
        let page = self.store().list(&self.destination, query, self.now()).await.unwrap();
        assert!(page.items.len() <= query.limit, "a page holds no more than was asked for");
        assert!(page.items.last().is_none_or(|last| last.position <= page.reached), "{page:?}");
        page
    }

    /// Lists until the page is full or the queue is at its end, as the domain does.
    pub async fn list(&self, query: &MessageQuery) -> Page<Message, Marker> {
        let listed = self.store().list_full_page(&self.destination, query, self.now()).await.unwrap();
        let next = listed.last().map(|listed| listed.position);
        Page { items: listed.into_iter().map(|listed| listed.message).collect(), next }
    }

    /// Where the queue ends.
    pub async fn end(&self) -> Marker {
        self.store().place_of(&self.destination, ListStart::End, self.now()).await.unwrap()
    }

    /// What a plain listing shows.
    pub async fn listed(&self) -> Vec<MessageId> {
        ids(&self.list(&plain()).await.items)
    }

    /// Whatever can be seen, claimed and delayed messages too.
    pub async fn all(&self) -> Vec<MessageId> {
        ids(&self.list(&everything()).await.items)
    }

    pub async fn get(&self, ids: &[MessageId]) -> Vec<Message> {
        self.store().get(&self.destination, ids, self.now()).await.unwrap()
    }

    pub async fn get_one(&self, id: MessageId) -> Option<Message> {
        let mut found = self.get(&[id]).await;
        assert!(found.len() <= 1, "one id, one message at most");
        found.pop()
    }

    /// Deletes one message; a claimed one only under its claim.
    pub async fn delete(&self, id: MessageId, claim: Option<ClaimId>) -> Deletion {
        let held = claim.as_slice();
        self.delete_guarded(&[id], if claim.is_some() { Guard::HeldBy(held) } else { Guard::Unclaimed }).await
    }

    /// Deletes messages: claimed ones, too, or only those that these claims may delete.
    pub async fn delete_many(&self, ids: &[MessageId], claims: Option<&[ClaimId]>) -> Deletion {
        self.delete_guarded(ids, claims.map_or(Guard::Any, Guard::HeldBy)).await
    }

    pub async fn delete_guarded(&self, ids: &[MessageId], guard: Guard<'_>) -> Deletion {
        self.store().delete(&self.destination, ids, guard, self.now()).await.unwrap()
    }

    pub async fn pop(&self, limit: usize) -> Vec<MessageId> {
        ids(&self.pop_messages(limit).await)
    }

    pub async fn pop_messages(&self, limit: usize) -> Vec<Message> {
        self.store().pop(&self.destination, &pop_of(limit), self.now()).await.unwrap()
    }

    pub async fn purge(&self) {
        self.store().purge(&self.destination, self.now()).await.unwrap();
    }

    pub async fn stats(&self) -> QueueStats {
        self.store().stats(&self.destination, self.now()).await.unwrap()
    }

    pub async fn drop_it(&self) {
        self.store().drop_destination(&self.destination, self.now()).await.unwrap();
    }

    /// Takes in messages that subscribers are not to hear of.
    pub async fn adopt(&self, messages: Vec<StoredMessage>) {
        self.take_in(messages, Adoption::Return).await;
    }

    pub async fn take_in(&self, messages: Vec<StoredMessage>, adoption: Adoption) {
        self.store().adopt(&self.destination, &messages, adoption, self.now()).await.unwrap();
    }

    pub async fn dead_letters(&self) -> Vec<StoredMessage> {
        self.store().dead_letters(&self.destination, 10_000, self.now()).await.unwrap()
    }

    pub async fn dead_letter_ids(&self) -> Vec<MessageId> {
        self.dead_letters().await.iter().map(|stored| stored.message.id).collect()
    }

    /// Moves what is exhausted here, as it is.
    pub async fn move_dead_letters(&self, to: &TestQueue, stored: Vec<StoredMessage>) {
        self.store()
            .move_dead_letters(&self.destination, &to.destination, &stored, self.now())
            .await
            .unwrap();
    }

    pub async fn discard_dead_letters(&self, ids: &[MessageId]) {
        self.store().discard_dead_letters(&self.destination, ids).await.unwrap();
    }

    pub async fn claim_as(&self, request: &ClaimRequest) -> Claimed {
        self.store().claim(&self.destination, request, self.now()).await.unwrap()
    }

    /// Claims up to so many messages for a minute.
    pub async fn claim(&self, limit: usize) -> (ClaimId, Vec<MessageId>) {
        let request = claim_of(limit);
        (request.id, ids(&self.claim_as(&request).await.messages))
    }

    /// Claims and releases the first `limit` messages so often, and then lets a claim set them aside, which takes
    /// the message behind them and gives it back.
    pub async fn exhaust(&self, limit: usize, max_claim_count: u32) -> Vec<MessageId> {
        for _ in 0..max_claim_count {
            let (claim, held) = self.claim(limit).await;
            assert_eq!(held.len(), limit, "there is enough to exhaust");
            self.release(claim).await;
        }
        let request = claim_with_max_count(1, max_claim_count);
        let claimed = self.claim_as(&request).await;
        assert_eq!(claimed.dead_letters.len(), limit, "the claim met what was claimed often enough");
        self.release(request.id).await;
        self.dead_letter_ids().await
    }

    pub async fn get_claim(&self, id: ClaimId) -> Option<Claim> {
        self.store().get_claim(&self.destination, id, self.now()).await.unwrap()
    }

    /// What a live claim holds; it fails the case if there is no such claim.
    pub async fn held_by(&self, id: ClaimId) -> Vec<MessageId> {
        ids(&self.get_claim(id).await.expect("the claim is alive").messages)
    }

    pub async fn renew(&self, id: ClaimId, terms: ClaimTerms) -> bool {
        self.store().renew(&self.destination, id, terms, self.now()).await.unwrap()
    }

    /// Sets aside what ended claims have left and was claimed so often.
    pub async fn set_aside(&self, max_claim_count: u32) -> Vec<MessageId> {
        let policy = Some(DeadLetterPolicy { max_claim_count });
        self.store().set_aside(&self.destination, policy, self.now()).await.unwrap()
    }

    pub async fn release(&self, id: ClaimId) {
        self.store().release(&self.destination, id, self.now()).await.unwrap();
    }
}
