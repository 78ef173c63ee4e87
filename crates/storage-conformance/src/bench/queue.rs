//! A queue (or topic) with the verbs of the contract, made short: the time is the bench's, an error fails the case.

use std::sync::Arc;

use parking_lot::RwLock;
use zaqar_model::{
    Claim, ClaimId, ClaimTerms, ClientId, Clock, Destination, Marker, Message, MessageId, NewMessage, Page,
    PageRequest, QueueStats, StoredMessage, Timestamp,
};
use zaqar_storage::{
    Adoption, ClaimRequest, Claimed, DeadLetterPolicy, Deletion, MessageQuery, MessageStore,
};

use crate::ManualClock;
use crate::minting::{claim_of, claim_with_max_count, messages, poster};

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
        page: PageRequest { marker: None, limit: 10_000 },
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
    query.page.marker = marker;
    query.page.limit = limit;
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
        self.store().post(&self.destination, client, messages, self.now()).await.unwrap()
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

    pub async fn list(&self, query: &MessageQuery) -> Page<Message, Marker> {
        self.store().list(&self.destination, query, self.now()).await.unwrap()
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

    pub async fn delete(&self, id: MessageId, claim: Option<ClaimId>) -> Deletion {
        self.store().delete(&self.destination, id, claim, self.now()).await.unwrap()
    }

    pub async fn delete_many(&self, ids: &[MessageId], claims: Option<&[ClaimId]>) -> Deletion {
        self.store().delete_many(&self.destination, ids, claims, self.now()).await.unwrap()
    }

    pub async fn pop(&self, limit: usize) -> Vec<MessageId> {
        ids(&self.pop_messages(limit).await)
    }

    pub async fn pop_messages(&self, limit: usize) -> Vec<Message> {
        self.store().pop(&self.destination, limit, self.now()).await.unwrap()
    }

    pub async fn purge(&self) {
        self.store().purge(&self.destination, self.now()).await.unwrap();
    }

    pub async fn stats(&self) -> QueueStats {
        self.store().stats(&self.destination, self.now()).await.unwrap()
    }

    pub async fn drop_it(&self) {
        self.store().drop_destination(&self.destination).await.unwrap();
    }

    pub async fn marker_of(&self, id: MessageId) -> Option<Marker> {
        self.store().marker_of(&self.destination, id).await.unwrap()
    }

    /// Takes in messages that subscribers are not to hear of.
    pub async fn adopt(&self, messages: Vec<StoredMessage>) {
        self.take_in(messages, Adoption::Return).await;
    }

    pub async fn take_in(&self, messages: Vec<StoredMessage>, adoption: Adoption) {
        self.store().adopt(&self.destination, messages, adoption, self.now()).await.unwrap();
    }

    pub async fn exhausted(&self) -> Vec<StoredMessage> {
        self.store().exhausted(&self.destination, 10_000, self.now()).await.unwrap()
    }

    pub async fn exhausted_ids(&self) -> Vec<MessageId> {
        self.exhausted().await.iter().map(|stored| stored.message.id).collect()
    }

    /// Moves what is exhausted here, as it is.
    pub async fn move_exhausted(&self, to: &TestQueue, stored: Vec<StoredMessage>) {
        self.store().move_exhausted(&self.destination, &to.destination, stored, self.now()).await.unwrap();
    }

    pub async fn discard_exhausted(&self, ids: &[MessageId]) {
        self.store().discard_exhausted(&self.destination, ids).await.unwrap();
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
        assert_eq!(claimed.exhausted.len(), limit, "the claim met what was claimed often enough");
        self.release(request.id).await;
        self.exhausted_ids().await
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
