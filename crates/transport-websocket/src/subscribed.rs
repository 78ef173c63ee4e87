//! What one connection is subscribed to, and what it is told of that: messages, and the end of each subscription.

use std::collections::{BTreeMap, VecDeque};

use futures_util::StreamExt;
use futures_util::stream::{self, AbortHandle, BoxStream, SelectAll};
use serde::Serialize;
use serde_json::value::RawValue;
use zaqar_domain::{EndReason, Error, Following, LiveEvent, Notification};
use zaqar_model::{Destination, DestinationName, SubscriptionId};

use crate::format::Format;
use crate::handlers::Request;
use crate::write;

/// The subscriptions of one connection. They end with it.
#[derive(Default)]
pub(crate) struct Subscribed {
    /// What the connection does not know the end of yet.
    subscriptions: BTreeMap<SubscriptionId, Own>,
    events: SelectAll<BoxStream<'static, (SubscriptionId, Result<LiveEvent, Error>)>>,
    /// Ends that the connection itself has brought about.
    ends: VecDeque<Told>,
}

#[derive(Debug)]
struct Own {
    source: Destination,
    /// Of the request that made or renewed it.
    format: Format,
    /// Ends it, also where a stage of a pipeline has answered its deletion.
    stop: AbortHandle,
}

/// What the connection is told, and the format of the subscription.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) format: Format,
    pub(crate) text: String,
}

impl Subscribed {
    pub(crate) fn add(&mut self, following: Following, format: Format) {
        let follower = match following {
            Following::New(follower) => follower,
            Following::Renewed(id) => {
                if let Some(own) = self.subscriptions.get_mut(&id) {
                    own.format = format;
                }
                return;
            }
        };
        let id = follower.id();
        let source = follower.source().clone();
        let events = stream::unfold(Some(follower), move |follower| async move {
            let mut follower = follower?;
            let event = follower.next().await;
            let goes_on = !matches!(event, Ok(LiveEvent::Ended { .. }));
            Some(((id, event), goes_on.then_some(follower)))
        });
        let (events, stop) = stream::abortable(events);
        self.events.push(events.boxed());
        self.subscriptions.insert(id, Own { source, format, stop });
    }

    pub(crate) fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether one is to what the request is about.
    pub(crate) fn has_one_to(&self, request: &Request<'_>) -> bool {
        self.subscriptions.values().any(|own| own.is_to(request))
    }

    /// Says no more of the subscription that the request has deleted.
    pub(crate) fn forget(&mut self, request: &Request<'_>) {
        let Ok(id) = request.text("subscription_id").parse() else { return };
        if let Some(own) = self.subscriptions.get(&id).filter(|own| own.is_to(request)) {
            own.stop.abort();
            self.subscriptions.remove(&id);
        }
    }

    /// The connection belongs to another project from now on.
    pub(crate) fn end_all(&mut self) {
        self.events.clear();
        let ends = std::mem::take(&mut self.subscriptions).into_iter();
        self.ends.extend(
            ends.map(|(id, own)| Told {
                format: own.format,
                text: end(&own.source, id, PROJECT_CHANGED, None),
            }),
        );
    }

    /// What the connection is to be told next; waits if there is nothing. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&mut self) -> Result<Told, Error> {
        if let Some(told) = self.ends.pop_front() {
            return Ok(told);
        }
        loop {
            let Some((id, event)) = self.events.next().await else { return std::future::pending().await };
            let Some(own) = self.subscriptions.get(&id) else { continue };
            let (format, text) = match event? {
                LiveEvent::Notification(notification) => (own.format, notified(&notification)),
                LiveEvent::Ended { reason, marker } => {
                    let told = (own.format, end(&own.source, id, why(reason), Some(&marker)));
                    self.subscriptions.remove(&id);
                    told
                }
            };
            return Ok(Told { format, text });
        }
    }
}

impl Own {
    fn is_to(&self, request: &Request<'_>) -> bool {
        let Destination { kind, project, name, .. } = &self.source;
        let is_named = |place: &DestinationName| (place.kind, &place.name) == (*kind, name);
        *project == request.caller.project && request.place.as_ref().is_some_and(is_named)
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

/// The end of a subscription: a word for programs, a sentence for people, and where to go on.
#[derive(Serialize)]
struct ShownEnd<'a> {
    #[serde(rename = "Message_Type")]
    kind: &'static str,
    #[serde(flatten)]
    place: Place<'a>,
    subscription_id: String,
    code: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<&'a str>,
}

#[derive(Serialize)]
enum Place<'a> {
    #[serde(rename = "queue_name")]
    Queue(&'a str),
    #[serde(rename = "topic_name")]
    Topic(&'a str),
}

impl<'a> Place<'a> {
    fn of(source: &'a Destination) -> Self {
        let name = source.name.as_str();
        if source.kind.is_topic() { Self::Topic(name) } else { Self::Queue(name) }
    }
}

fn notified(Notification { source, message, marker }: &Notification) -> String {
    let shown = Shown {
        body: write::body(message),
        ttl: message.ttl.get(),
        place: Place::of(source),
        kind: "Notification",
        id: message.id.to_string(),
        marker,
    };
    // Texts, numbers and JSON that was checked, into memory: nothing there can fail.
    serde_json::to_string(&shown).unwrap_or_default()
}

type Why = (&'static str, &'static str);

const EXPIRED: Why = ("expired", "Its time to live is over.");
const DELETED: Why = ("deleted", "It was deleted.");
const PURGED: Why = ("purged", "The subscriptions of its queue or topic were purged.");
const SOURCE_DELETED: Why = ("source_deleted", "Its queue or topic was deleted.");
const PROJECT_CHANGED: Why = ("project_changed", "The connection belongs to another project now.");
/// Every code, and what it means.
pub(crate) const ENDS: [Why; 5] = [EXPIRED, DELETED, PURGED, SOURCE_DELETED, PROJECT_CHANGED];

const fn why(reason: EndReason) -> Why {
    match reason {
        EndReason::Expired => EXPIRED,
        EndReason::Deleted => DELETED,
        EndReason::Purged => PURGED,
        EndReason::SourceDeleted => SOURCE_DELETED,
    }
}

fn end(source: &Destination, id: SubscriptionId, (code, reason): Why, marker: Option<&str>) -> String {
    let shown = ShownEnd {
        kind: "SubscriptionEnded",
        place: Place::of(source),
        subscription_id: id.to_string(),
        code,
        reason,
        marker,
    };
    serde_json::to_string(&shown).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use zaqar_domain::{Following, Limits, Stores, SubscriptionWish, Zaqar};
    use zaqar_model::{
        Caller, ClientId, DestinationKind, DestinationName, Identity, ProjectId, QueueName, RandomIds,
    };
    use zaqar_storage_conformance::{ManualClock, ModelStore};

    use super::Subscribed;
    use crate::format::Format;

    #[tokio::test]
    async fn a_connection_that_belongs_to_another_project_is_told_that_its_subscriptions_have_ended() {
        let stores = Stores {
            management: Arc::new(ModelStore::new()),
            messages: Arc::new(ModelStore::new()),
            placement: None,
        };
        let clock = Arc::new(ManualClock::new());
        let zaqar = Arc::new(Zaqar::new(stores, Limits::default(), clock, Arc::new(RandomIds)));
        let caller = Caller {
            project: ProjectId::new("p").unwrap(),
            client: Some(ClientId::new("c")),
            roles: Vec::new(),
            identity: Identity::default(),
            token: None,
        };
        let name = DestinationName { kind: DestinationKind::Topic, name: QueueName::new("t").unwrap() };
        let wish = SubscriptionWish::new(json!({})).unwrap();
        let following =
            zaqar.follow(&caller, &name, &wish, "websocket://one".to_owned(), None).await.unwrap();
        let Following::New(follower) = &following else { panic!("it was renewed") };
        let id = follower.id().to_string();
        let mut subscribed = Subscribed::default();
        subscribed.add(following, Format::MessagePack);
        subscribed.end_all();
        assert_eq!(subscribed.len(), 0);
        let told = subscribed.next().await.unwrap();
        let expected = json!({
            "Message_Type": "SubscriptionEnded", "topic_name": "t", "subscription_id": id, "code": "project_changed",
            "reason": "The connection belongs to another project now.",
        });
        assert_eq!(serde_json::from_str::<Value>(&told.text).unwrap(), expected);
        assert_eq!(told.format, Format::MessagePack);
        let gone = zaqar.get_subscription(&caller, &name, &id).await;
        assert!(gone.is_err(), "{gone:?}");
    }
}
