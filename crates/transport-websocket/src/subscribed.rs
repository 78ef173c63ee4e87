//! What one connection is subscribed to, and the notifications that come of it.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, SelectAll};
use serde::Serialize;
use serde_json::value::RawValue;
use zaqar_domain::{Error, Follower, Notification};

use crate::format::Format;
use crate::write;

/// The subscriptions of one connection. They end with it.
#[derive(Default)]
pub(crate) struct Subscribed(SelectAll<BoxStream<'static, Result<Told, Error>>>);

/// A notification, and the format that its subscription was made in.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) format: Format,
    pub(crate) text: String,
}

impl Subscribed {
    pub(crate) fn add(&mut self, follower: Follower, format: Format) {
        let told = stream::unfold(follower, move |mut follower| async move {
            let told = follower.next().await?.map(|notification| Told { format, text: text(&notification) });
            Some((told, follower))
        });
        self.0.push(told.boxed());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn end_all(&mut self) {
        self.0.clear();
    }

    /// The next notification of any of them; waits if there is none. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&mut self) -> Result<Told, Error> {
        match self.0.next().await {
            Some(told) => told,
            None => std::future::pending().await,
        }
    }
}

/// Upstream's members, the message's id, and where to go on after a reconnect.
#[derive(Serialize)]
struct Shown<'a> {
    body: &'a RawValue,
    ttl: u32,
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(rename = "Message_Type")]
    kind: &'static str,
    id: String,
    marker: &'a str,
}

#[derive(Serialize)]
enum Place<'a> {
    #[serde(rename = "queue_name")]
    Queue(&'a str),
    #[serde(rename = "topic_name")]
    Topic(&'a str),
}

fn text(Notification { source, message, marker }: &Notification) -> String {
    let name = source.name.as_str();
    let shown = Shown {
        body: write::body(message),
        ttl: message.ttl.get(),
        place: if source.kind.is_topic() { Place::Topic(name) } else { Place::Queue(name) },
        kind: "Notification",
        id: message.id.to_string(),
        marker,
    };
    // Texts, numbers and JSON that was checked, into memory: nothing there can fail.
    serde_json::to_string(&shown).unwrap_or_default()
}
