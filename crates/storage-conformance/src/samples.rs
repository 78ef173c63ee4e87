//! Fresh numbers, ids, names, and the plain messages that most cases post.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use zaqar_model::{
    Address, Attempt, AttemptEnd, BatchId, Body, ClaimId, ClaimTerms, ClientId, ConfirmationAttempt,
    ConfirmationKind, DelaySeconds, Destination, DestinationKind, DestinationNumber, Excerpt, GraceSeconds,
    IdSource, JsonText, LeaseId, Message, MessageId, Metadata, MoveId, NewMessage, ProjectId, QueueName,
    RandomIds, StoredMessage, SubscriptionId, Timestamp, TtlSeconds,
};
use zaqar_storage::{ClaimRequest, DeadLetterPolicy, PopRequest};

/// A number that no destination had before.
pub fn random_number() -> DestinationNumber {
    // The upper half of a version 4 UUID: 60 random bits.
    DestinationNumber::new(u64::try_from(RandomIds.next_u128() >> 64).unwrap())
}

/// A queue or topic that no store has heard of.
pub fn fresh_destination(kind: DestinationKind) -> Destination {
    let number = random_number();
    let name = QueueName::new(&format!("q-{:x}", number.get())).unwrap();
    Destination { kind, project: project("conformance"), name, number }
}

pub fn fresh_batch_id() -> BatchId {
    BatchId::from_u128(RandomIds.next_u128())
}

pub fn fresh_claim_id() -> ClaimId {
    ClaimId::from_u128(RandomIds.next_u128())
}

pub fn fresh_lease_id() -> LeaseId {
    LeaseId::from_u128(RandomIds.next_u128())
}

pub fn fresh_message_id() -> MessageId {
    MessageId::from_u128(RandomIds.next_u128())
}

/// Greater than all before.
pub fn fresh_move_id() -> MoveId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    MoveId::from_u128(u128::from(LAST.fetch_add(1, Ordering::Relaxed) + 1) << 64)
}

pub fn fresh_subscription_id() -> SubscriptionId {
    SubscriptionId::from_u128(RandomIds.next_u128())
}

pub fn project(id: &str) -> ProjectId {
    ProjectId::new(id).unwrap()
}

pub fn queue_name(name: &str) -> QueueName {
    QueueName::new(name).unwrap()
}

/// The client that posts where a case does not name another.
pub fn poster() -> ClientId {
    ClientId::new("6b8c0a4e-0000-4000-8000-000000000001")
}

/// A client that has posted nothing.
pub fn other_client() -> ClientId {
    ClientId::new("6b8c0a4e-0000-4000-8000-000000000002")
}

pub fn json(text: &str) -> Body {
    JsonText::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap().into()
}

/// Lives for an hour, is within reach at once.
pub fn message() -> NewMessage {
    NewMessage { ttl: TtlSeconds::new(3600), delay: DelaySeconds::new(0), body: json("{}"), checksum: None }
}

/// [`message`], so many times, each with its number as the body.
pub fn messages(count: usize) -> Vec<NewMessage> {
    (0..count).map(|number| with_body(&number.to_string())).collect()
}

pub fn with_body(text: &str) -> NewMessage {
    NewMessage { body: json(text), ..message() }
}

/// A JSON string of so many bytes.
pub fn body_of(size: usize) -> Body {
    json(&format!("\"{}\"", "x".repeat(size - 2)))
}

/// A message that comes from elsewhere, not delayed.
pub fn stored_message(now: Timestamp) -> StoredMessage {
    let (ttl, body) = (TtlSeconds::new(3600), json("{}"));
    let (id, created) = (fresh_message_id(), now);
    let message = Message { id, ttl, created, body, checksum: None, claim: None, claim_count: 0 };
    let (expires, delayed_until) = (ttl.after(now), now);
    StoredMessage { message, client: poster(), expires, delayed_until, is_letter: false }
}

/// A message that lives for so many seconds.
pub fn lasting(ttl: u32) -> NewMessage {
    NewMessage { ttl: TtlSeconds::new(ttl), ..message() }
}

/// A message that comes within reach after so many seconds.
pub fn delayed(delay: u32) -> NewMessage {
    NewMessage { delay: DelaySeconds::new(delay), ..message() }
}

pub const fn terms(ttl: u32, grace: u32) -> ClaimTerms {
    ClaimTerms { ttl: TtlSeconds::new(ttl), grace: GraceSeconds::new(grace) }
}

/// A claim of so many messages for a minute.
pub fn claim_of(limit: usize) -> ClaimRequest {
    ClaimRequest {
        id: fresh_claim_id(),
        terms: terms(60, 60),
        limit,
        dead_letters: None,
        outlives: true,
        is_repeated: false,
    }
}

/// Pops up to so many messages.
pub fn pop_of(limit: usize) -> PopRequest {
    PopRequest { id: fresh_claim_id(), limit, is_repeated: false }
}

/// [`claim_of`], that sets aside what was claimed so often.
pub fn claim_with_max_count(limit: usize, max_claim_count: u32) -> ClaimRequest {
    ClaimRequest { dead_letters: Some(DeadLetterPolicy { max_claim_count }), ..claim_of(limit) }
}

/// Metadata or options from a JSON object's text.
pub fn json_object(text: &str) -> Metadata {
    Metadata::new(serde_json::from_str(text).unwrap())
}

/// The account of an attempt that began now.
pub fn attempt(at: Timestamp, status: Option<u16>) -> Attempt {
    Attempt {
        at,
        status,
        latency_ms: 12,
        excerpt: Excerpt::new("what it answered"),
        address: Some(Address::of("https://example.org/hook")),
    }
}

/// An attempt to ask a subscriber to confirm that began now, and was answered.
pub fn confirmation(at: Timestamp) -> ConfirmationAttempt {
    ConfirmationAttempt {
        kind: ConfirmationKind::Subscription,
        request: fresh_message_id(),
        attempt: attempt(at, Some(204)),
        end: AttemptEnd::Delivered,
    }
}
