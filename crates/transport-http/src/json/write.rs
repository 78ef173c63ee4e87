//! Answers. Messages are written by hand, their bodies as they were sent; the rest is spaced as Python spaces it.

use std::io;

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use serde_json::ser::Formatter;
use uuid::Uuid;
use zaqar_model::{ClaimId, DestinationKind, DestinationName, Message, MessageId, Timestamp};

/// Writes JSON with a space behind each comma and colon.
pub(crate) struct PythonSpacing;

impl PythonSpacing {
    pub(crate) fn to_vec(value: &impl Serialize) -> Vec<u8> {
        let mut text = Vec::with_capacity(128);
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, Self);
        // Strings, numbers, lists and maps with string keys into memory: nothing there can fail.
        let _ = value.serialize(&mut serializer);
        text
    }

    pub(crate) fn to_string(value: &impl Serialize) -> String {
        String::from_utf8(Self::to_vec(value)).unwrap_or_default()
    }
}

impl Formatter for PythonSpacing {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

/// How much room a message takes beside its body.
const MESSAGE_FRAME: usize = 256;

pub(crate) fn room_for(messages: &[Message]) -> BytesMut {
    let bodies: usize = messages.iter().map(|message| message.body.as_bytes().len() + MESSAGE_FRAME).sum();
    BytesMut::with_capacity(bodies + MESSAGE_FRAME)
}

/// A list of messages of one queue, in brackets.
pub(crate) fn messages(out: &mut BytesMut, queue: &DestinationName, messages: &[Message], now: Timestamp) {
    list(out, messages, |out, item| message(out, queue, item, now));
}

/// A message with its link.
pub(crate) fn message(out: &mut BytesMut, queue: &DestinationName, message: &Message, now: Timestamp) {
    put(out, "{\"id\": \"");
    id(out, message.id.as_u128());
    put(out, "\", \"href\": \"");
    message_href(out, queue, message.id);
    if let Some(claim) = message.claim {
        put(out, "?claim_id=");
        id(out, claim.as_u128());
    }
    put(out, "\", \"ttl\": ");
    integer(out, message.ttl.get().into());
    put(out, ", \"age\": ");
    integer(out, now.secs_since(message.created));
    put(out, ", \"body\": ");
    out.put_slice(message.body.as_bytes());
    checksum(out, message);
    put(out, "}");
}

/// A message that was taken out of its queue: it has no link any more.
pub(crate) fn popped_message(out: &mut BytesMut, message: &Message, now: Timestamp) {
    put(out, "{\"id\": \"");
    id(out, message.id.as_u128());
    put(out, "\", \"age\": ");
    integer(out, now.secs_since(message.created));
    put(out, ", \"ttl\": ");
    integer(out, message.ttl.get().into());
    put(out, ", \"body\": ");
    out.put_slice(message.body.as_bytes());
    put(out, ", \"claim_id\": null, \"claim_count\": ");
    integer(out, message.claim_count.into());
    checksum(out, message);
    put(out, "}");
}

pub(crate) fn list<T>(out: &mut BytesMut, items: &[T], mut write: impl FnMut(&mut BytesMut, &T)) {
    put(out, "[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            put(out, ", ");
        }
        write(out, item);
    }
    put(out, "]");
}

pub(crate) fn message_href(out: &mut BytesMut, queue: &DestinationName, message: MessageId) {
    queue_href(out, queue);
    put(out, "/messages/");
    id(out, message.as_u128());
}

pub(crate) fn claim_href(out: &mut BytesMut, queue: &DestinationName, claim: ClaimId) {
    queue_href(out, queue);
    put(out, "/claims/");
    id(out, claim.as_u128());
}

/// Where the queues or the topics are.
pub(crate) const fn collection(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "/v2/topics" } else { "/v2/queues" }
}

/// A queue's name needs no escapes, neither in a path nor in JSON.
pub(crate) fn queue_href(out: &mut BytesMut, queue: &DestinationName) {
    put(out, collection(queue.kind));
    put(out, "/");
    put(out, queue.name.as_str());
}

pub(crate) fn put(out: &mut BytesMut, text: &str) {
    out.put_slice(text.as_bytes());
}

pub(crate) fn integer(out: &mut BytesMut, value: u64) {
    put(out, itoa::Buffer::new().format(value));
}

pub(crate) fn id(out: &mut BytesMut, value: u128) {
    let mut buffer = Uuid::encode_buffer();
    put(out, Uuid::from_u128(value).hyphenated().encode_lower(&mut buffer));
}

/// Its text is `MD5:` and hexadecimal digits: nothing to escape.
fn checksum(out: &mut BytesMut, message: &Message) {
    if let Some(checksum) = &message.checksum {
        put(out, ", \"checksum\": \"");
        put(out, checksum);
        put(out, "\"");
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};
    use zaqar_model::{
        ClaimId, DestinationName, JsonText, Message, MessageId, QueueName, Timestamp, TtlSeconds,
    };

    use super::{PythonSpacing, message, popped_message, room_for};

    fn sample() -> Message {
        Message {
            id: MessageId::from_u128(1),
            ttl: TtlSeconds::new(300),
            created: Timestamp::from_secs(10),
            body: JsonText::from_checked(Bytes::from("{\"a\" :1}")).into(),
            checksum: Some("MD5:00".into()),
            claim: Some(ClaimId::from_u128(2)),
            claim_count: 3,
        }
    }

    #[test]
    fn a_message_has_upstreams_members_and_its_body_as_sent() {
        let mut out = room_for(&[sample()]);
        let queue = DestinationName::queue(QueueName::new("q").unwrap());
        message(&mut out, &queue, &sample(), Timestamp::from_secs(15));
        assert_eq!(
            &out[..],
            b"{\"id\": \"00000000-0000-0000-0000-000000000001\", \
            \"href\": \"/v2/queues/q/messages/00000000-0000-0000-0000-000000000001\
            ?claim_id=00000000-0000-0000-0000-000000000002\", \"ttl\": 300, \"age\": 5, \"body\": {\"a\" :1}, \
            \"checksum\": \"MD5:00\"}" as &[u8]
        );
    }

    #[test]
    fn a_popped_message_is_free() {
        let mut out = room_for(&[]);
        popped_message(&mut out, &sample(), Timestamp::from_secs(15));
        let value: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            value,
            json!({
                "id": "00000000-0000-0000-0000-000000000001", "age": 5, "ttl": 300, "body": {"a": 1},
                "claim_id": null, "claim_count": 3, "checksum": "MD5:00"
            })
        );
    }

    #[test]
    fn spaces_are_pythons() {
        let value = json!({"a": [1, 2.5, {}, []], "b": {"c": null}});
        assert_eq!(PythonSpacing::to_string(&value), "{\"a\": [1, 2.5, {}, []], \"b\": {\"c\": null}}");
    }
}
