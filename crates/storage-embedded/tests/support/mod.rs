//! What the tests of the embedded message store share.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

pub mod failing_disk;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use zaqar_model::{
    ClaimId, ClaimTerms, ClientId, DelaySeconds, Destination, DestinationKind, DestinationNumber,
    GraceSeconds, JsonText, Message, MessageId, NewMessage, PageRequest, ProjectId, QueueName, Timestamp,
    TtlSeconds,
};
use zaqar_storage::{ClaimRequest, ListStart, MessageQuery, MessageStore, Messages};
use zaqar_storage_conformance::PostMessages;
use zaqar_storage_embedded::disk::{Disk, LocalDisk};
use zaqar_storage_embedded::{EmbeddedMessageStore, Options};

pub const NOW: Timestamp = Timestamp::from_secs(1_000_000);
/// Small, so that a test sees many segments.
pub const SEGMENT: u64 = 128 << 10;

pub fn open(directory: &Path) -> EmbeddedMessageStore {
    open_on(directory, Arc::new(LocalDisk))
}

pub fn open_on(directory: &Path, disk: Arc<dyn Disk>) -> EmbeddedMessageStore {
    let options = Options { segment_size: SEGMENT, disk, ..Options::default() };
    EmbeddedMessageStore::open(directory, options).unwrap()
}

pub fn queue(number: u64) -> Destination {
    Destination {
        kind: DestinationKind::Queue,
        project: ProjectId::new("tests").unwrap(),
        name: QueueName::new(&format!("queue-{number}")).unwrap(),
        number: DestinationNumber::new(number),
    }
}

pub fn client() -> ClientId {
    ClientId::new("3381af92-2b9e-11e3-b191-71861300734c")
}

pub fn message(body: &str) -> NewMessage {
    NewMessage {
        ttl: TtlSeconds::new(3600),
        delay: DelaySeconds::default(),
        body: JsonText::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap().into(),
        checksum: None,
    }
}

/// A message of about a kibibyte that says its number.
pub fn numbered(number: usize) -> NewMessage {
    message(&format!("{{\"number\": {number}, \"filling\": \"{}\"}}", "x".repeat(1000)))
}

pub async fn post(
    store: &impl Messages,
    to: &Destination,
    numbers: impl IntoIterator<Item = usize>,
) -> Vec<MessageId> {
    store.post_messages(to, &client(), numbers.into_iter().map(numbered).collect(), NOW).await.unwrap()
}

/// More than any test has of anything.
pub fn first_page<M>() -> PageRequest<M> {
    PageRequest { marker: None, limit: 1000 }
}

pub fn claim_request(id: u128, limit: usize) -> ClaimRequest {
    ClaimRequest {
        id: ClaimId::from_u128(id),
        terms: ClaimTerms { ttl: TtlSeconds::new(300), grace: GraceSeconds::new(60) },
        limit,
        dead_letters: None,
        outlives: true,
        is_repeated: false,
    }
}

/// All messages of a queue, claimed ones too, in their order.
pub async fn all(store: &impl MessageStore, from: &Destination, now: Timestamp) -> Vec<Message> {
    let mut messages = Vec::new();
    let start = MessageQuery::place_of(ListStart::Start);
    let mut query = MessageQuery { limit: 1000, max_bytes: usize::MAX, ..start };
    loop {
        let page = store.list(from, &query, now).await.unwrap();
        messages.extend(page.items.into_iter().map(|listed| listed.message));
        if page.is_end {
            return messages;
        }
        query.start = ListStart::Behind(page.reached);
    }
}

pub async fn ids(store: &impl MessageStore, from: &Destination) -> Vec<MessageId> {
    all(store, from, NOW).await.iter().map(|message| message.id).collect()
}

/// How many segments of the log there are.
pub fn segments(directory: &Path) -> usize {
    let names = std::fs::read_dir(directory.join("messages")).unwrap();
    names.filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().starts_with("segment-")).count()
}
