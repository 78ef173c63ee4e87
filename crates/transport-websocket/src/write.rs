//! The documents in replies.

use serde::Serialize;
use serde_json::value::RawValue;
use zaqar_model::{ClaimId, DestinationKind, Message, Timestamp};

/// A page of messages, and the marker of the next page.
#[derive(Debug, Serialize)]
pub(crate) struct MessagePage<'a> {
    pub(crate) messages: Vec<MessageDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) marker: Option<String>,
}

/// A single message, in a member with a plural name, as in upstream.
#[derive(Debug, Serialize)]
pub(crate) struct SingleMessage<'a> {
    pub(crate) messages: MessageDocument<'a>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CreatedClaim<'a> {
    pub(crate) claim_id: String,
    pub(crate) messages: Vec<MessageDocument<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ClaimDocument<'a> {
    pub(crate) age: u64,
    pub(crate) ttl: u32,
    pub(crate) messages: Vec<MessageDocument<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct MessageDocument<'a> {
    id: String,
    claim_id: Option<String>,
    ttl: u32,
    age: u64,
    body: &'a RawValue,
}

#[derive(Debug, Serialize)]
pub(crate) struct PoppedMessages<'a> {
    messages: Vec<PoppedMessage<'a>>,
}

/// A popped message.
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

/// `claim`: the claim of the request.
pub(crate) fn message(message: &Message, claim: Option<ClaimId>, now: Timestamp) -> MessageDocument<'_> {
    MessageDocument {
        id: message.id.to_string(),
        claim_id: claim.map(|claim| claim.to_string()),
        ttl: message.ttl.get(),
        age: now.secs_since(message.created),
        body: body(message),
    }
}

pub(crate) fn messages(list: &[Message], claim: Option<ClaimId>, now: Timestamp) -> Vec<MessageDocument<'_>> {
    list.iter().map(|item| message(item, claim, now)).collect()
}

pub(crate) fn popped<'a>(list: &'a [Message], now: Timestamp) -> PoppedMessages<'a> {
    let shown = |message: &'a Message| PoppedMessage {
        id: message.id.to_string(),
        age: now.secs_since(message.created),
        ttl: message.ttl.get(),
        body: body(message),
        claim_id: None,
        claim_count: message.claim_count,
        checksum: message.checksum.as_deref(),
    };
    PoppedMessages { messages: list.iter().map(shown).collect() }
}

/// The body, which was validated before it was stored.
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
