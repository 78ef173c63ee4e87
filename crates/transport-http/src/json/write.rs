//! Writes messages, with their bodies verbatim.

use bytes::{BufMut, BytesMut};
use uuid::Uuid;
use zaqar_model::{ClaimId, DestinationKind, DestinationName, Message, MessageId, Timestamp};

/// Estimated size of a message without its body.
const MESSAGE_FRAME: usize = 256;

pub(crate) fn buffer_for(messages: &[Message]) -> BytesMut {
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

/// A popped message, which has no link.
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

/// The path of all queues or topics.
pub(crate) const fn collection(kind: DestinationKind) -> &'static str {
    if kind.is_topic() { "/v2/topics" } else { "/v2/queues" }
}

/// The path of a queue. A queue name needs no escapes, neither in a path nor in JSON.
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

/// Consists of `MD5:` and hexadecimal digits, so it needs no escapes.
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

    use super::{buffer_for, message, popped_message};

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
        let mut out = buffer_for(&[sample()]);
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
        let mut out = buffer_for(&[]);
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
}
