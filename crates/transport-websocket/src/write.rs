//! The documents of replies.

use serde::Serialize;
use serde_json::value::RawValue;
use zaqar_model::{ClaimId, DestinationKind, Message, Timestamp};

/// Some messages, and where the listing goes on.
#[derive(Debug, Serialize)]
pub(crate) struct Page<'a> {
    pub(crate) messages: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) marker: Option<String>,
}

/// One message, in a member that is called as if there were several.
#[derive(Debug, Serialize)]
pub(crate) struct One<'a> {
    pub(crate) messages: Shown<'a>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Claim<'a> {
    pub(crate) claim_id: String,
    pub(crate) messages: Vec<Shown<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ShownClaim<'a> {
    pub(crate) age: u64,
    pub(crate) ttl: u32,
    pub(crate) messages: Vec<Shown<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Shown<'a> {
    id: String,
    claim_id: Option<String>,
    ttl: u32,
    age: u64,
    body: &'a RawValue,
}

#[derive(Debug, Serialize)]
pub(crate) struct Popped<'a> {
    messages: Vec<PoppedMessage<'a>>,
}

/// A message that was taken out of its queue for good.
#[derive(Debug, Serialize)]
struct PoppedMessage<'a> {
    id: String,
    age: u64,
    ttl: u32,
    body: &'a RawValue,
    claim_id: Option<String>,
    claim_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<&'a str>,
}

/// `claim`: the one that the request is about.
pub(crate) fn message(message: &Message, claim: Option<ClaimId>, now: Timestamp) -> Shown<'_> {
    Shown {
        id: message.id.to_string(),
        claim_id: claim.map(|claim| claim.to_string()),
        ttl: message.ttl.get(),
        age: now.secs_since(message.created),
        body: body(message),
    }
}

pub(crate) fn messages(list: &[Message], claim: Option<ClaimId>, now: Timestamp) -> Vec<Shown<'_>> {
    list.iter().map(|item| message(item, claim, now)).collect()
}

pub(crate) fn popped<'a>(list: &'a [Message], now: Timestamp) -> Popped<'a> {
    let shown = |message: &'a Message| PoppedMessage {
        id: message.id.to_string(),
        age: now.secs_since(message.created),
        ttl: message.ttl.get(),
        body: body(message),
        claim_id: None,
        claim_count: message.claim_count,
        checksum: message.checksum.as_deref(),
    };
    Popped { messages: list.iter().map(shown).collect() }
}

/// Bodies were checked before they were stored.
pub(crate) fn body(message: &Message) -> &RawValue {
    serde_json::from_slice(message.body.as_bytes()).unwrap_or(RawValue::NULL)
}

pub(crate) const fn noun(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "topic" } else { "queue" }
}

/// The noun at the beginning of a sentence.
pub(crate) const fn title(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "Topic" } else { "Queue" }
}
