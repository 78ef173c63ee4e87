//! The notice that a delivery becomes.

use bytes::{Bytes, BytesMut};
use zaqar_model::Delivery;

use crate::notice::{Notice, NoticeKind};

/// What is sent for a delivery. Its message is plain.
pub(crate) fn notice_of(delivery: &Delivery) -> Notice {
    let subscription = &delivery.subscription;
    let kind = NoticeKind::Notification;
    let message = &delivery.message.message;
    Notice {
        kind,
        project: subscription.source.project.clone(),
        queue: subscription.source.name.clone(),
        subscriber: subscription.subscriber.clone(),
        options: subscription.options.clone(),
        id: message.id,
        document: document(
            message.ttl.get(),
            message.body.as_bytes(),
            kind,
            subscription.source.name.as_str(),
        ),
    }
}

/// No notification has a shorter document.
pub(crate) fn smallest_document() -> Bytes {
    document(1, b"0", NoticeKind::Notification, "q")
}

/// Upstream's members, in its order. The body is a JSON text already, and the name of a queue needs no escapes.
fn document(ttl: u32, body: &[u8], kind: NoticeKind, queue: &str) -> Bytes {
    let ttl = ttl.to_string();
    let parts: [&[u8]; 9] = [
        b"{\"ttl\": ",
        ttl.as_bytes(),
        b", \"body\": ",
        body,
        b", \"Message_Type\": \"",
        kind.name().as_bytes(),
        b"\", \"queue_name\": \"",
        queue.as_bytes(),
        b"\"}",
    ];
    let mut text = BytesMut::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| text.extend_from_slice(part));
    text.freeze()
}
