//! The subscriptions of one connection, and their events: messages, and the end of each subscription.

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
pub(crate) struct LiveSubscriptions {
    /// Subscriptions whose end has not been reported yet.
    subscriptions: BTreeMap<SubscriptionId, ActiveSubscription>,
    events: SelectAll<BoxStream<'static, (SubscriptionId, Result<LiveEvent, Error>)>>,
    /// Events about subscriptions that the connection itself has ended.
    ended: VecDeque<OutgoingEvent>,
}

#[derive(Debug)]
struct ActiveSubscription {
    source: Destination,
    /// The format of the request that created or renewed it.
    format: Format,
    /// Ends it, even if a stage of a pipeline has handled its deletion.
    stop: AbortHandle,
}

/// An event for the client, and the format of the subscription.
#[derive(Debug)]
pub(crate) struct OutgoingEvent {
    pub(crate) format: Format,
    pub(crate) text: String,
}

impl LiveSubscriptions {
    pub(crate) fn add(&mut self, following: Following, format: Format) {
        let follower = match following {
            Following::New(follower) => follower,
            Following::Renewed(id) => {
                if let Some(active) = self.subscriptions.get_mut(&id) {
                    active.format = format;
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
        self.subscriptions.insert(id, ActiveSubscription { source, format, stop });
    }

    pub(crate) fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether there is a subscription to the queue or topic of the request.
    pub(crate) fn has_matching(&self, request: &Request<'_>) -> bool {
        self.subscriptions.values().any(|active| active.matches(request))
    }

    /// Removes the subscription that the request has deleted, without reporting its end.
    pub(crate) fn forget(&mut self, request: &Request<'_>) {
        let Ok(id) = request.text("subscription_id").parse() else { return };
        if let Some(active) = self.subscriptions.get(&id).filter(|active| active.matches(request)) {
            active.stop.abort();
            self.subscriptions.remove(&id);
        }
    }

    /// Ends all subscriptions, because the connection belongs to another project now.
    pub(crate) fn end_all(&mut self) {
        self.events.clear();
        let ends = std::mem::take(&mut self.subscriptions).into_iter();
        self.ended.extend(ends.map(|(id, active)| OutgoingEvent {
            format: active.format,
            text: ended_json(&active.source, id, PROJECT_CHANGED, None),
        }));
    }

    /// The next event; waits for one. Cancellation-safe.
    pub(crate) async fn next(&mut self) -> Result<OutgoingEvent, Error> {
        if let Some(outgoing) = self.ended.pop_front() {
            return Ok(outgoing);
        }
        loop {
            let Some((id, event)) = self.events.next().await else { return std::future::pending().await };
            let Some(active) = self.subscriptions.get(&id) else { continue };
            let (format, text) = match event? {
                LiveEvent::Notification(notification) => (active.format, notification_json(&notification)),
                LiveEvent::Ended { reason, marker } => {
                    let outgoing =
                        (active.format, ended_json(&active.source, id, reason_text(reason), Some(&marker)));
                    self.subscriptions.remove(&id);
                    outgoing
                }
            };
            return Ok(OutgoingEvent { format, text });
        }
    }
}

impl ActiveSubscription {
    fn matches(&self, request: &Request<'_>) -> bool {
        let Destination { kind, project, name, .. } = &self.source;
        let is_named = |named: &DestinationName| (named.kind, &named.name) == (*kind, name);
        *project == request.caller.project && request.destination.as_ref().is_some_and(is_named)
    }
}

/// A notification: the members of upstream, the id of the message, and the marker to continue from.
#[derive(Serialize)]
struct NotificationDocument<'a> {
    body: &'a RawValue,
    ttl: u32,
    #[serde(flatten)]
    source: SourceName<'a>,
    #[serde(rename = "Message_Type")]
    kind: &'static str,
    id: String,
    marker: &'a str,
}

/// The end of a subscription: a code for programs, a sentence for people, and the marker to continue from.
#[derive(Serialize)]
struct SubscriptionEndedDocument<'a> {
    #[serde(rename = "Message_Type")]
    kind: &'static str,
    #[serde(flatten)]
    source: SourceName<'a>,
    subscription_id: String,
    code: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<&'a str>,
}

#[derive(Serialize)]
enum SourceName<'a> {
    #[serde(rename = "queue_name")]
    Queue(&'a str),
    #[serde(rename = "topic_name")]
    Topic(&'a str),
}

impl<'a> SourceName<'a> {
    fn of(source: &'a Destination) -> Self {
        let name = source.name.as_str();
        if source.kind.is_topic() { Self::Topic(name) } else { Self::Queue(name) }
    }
}

fn notification_json(Notification { source, message, marker }: &Notification) -> String {
    let document = NotificationDocument {
        body: write::body(message),
        ttl: message.ttl.get(),
        source: SourceName::of(source),
        kind: "Notification",
        id: message.id.to_string(),
        marker,
    };
    // Writing texts, numbers and validated JSON to memory cannot fail.
    serde_json::to_string(&document).unwrap_or_default()
}

type EndReasonText = (&'static str, &'static str);

const EXPIRED: EndReasonText = ("expired", "Its time to live is over.");
const DELETED: EndReasonText = ("deleted", "It was deleted.");
const PURGED: EndReasonText = ("purged", "The subscriptions of its queue or topic were purged.");
const SOURCE_DELETED: EndReasonText = ("source_deleted", "Its queue or topic was deleted.");
const PROJECT_CHANGED: EndReasonText = ("project_changed", "The connection belongs to another project now.");
/// All codes, with their sentences.
pub(crate) const END_REASONS: [EndReasonText; 5] =
    [EXPIRED, DELETED, PURGED, SOURCE_DELETED, PROJECT_CHANGED];

const fn reason_text(reason: EndReason) -> EndReasonText {
    match reason {
        EndReason::Expired => EXPIRED,
        EndReason::Deleted => DELETED,
        EndReason::Purged => PURGED,
        EndReason::SourceDeleted => SOURCE_DELETED,
    }
}

fn ended_json(
    source: &Destination,
    id: SubscriptionId,
    (code, reason): EndReasonText,
    marker: Option<&str>,
) -> String {
    let document = SubscriptionEndedDocument {
        kind: "SubscriptionEnded",
        source: SourceName::of(source),
        subscription_id: id.to_string(),
        code,
        reason,
        marker,
    };
    serde_json::to_string(&document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use zaqar_domain::{Following, Limits, Stores, SubscriptionParams, Zaqar};
    use zaqar_model::{
        Caller, ClientId, DestinationKind, DestinationName, Identity, ProjectId, QueueName, RandomIds,
    };
    use zaqar_storage_conformance::{ManualClock, ReferenceStore};

    use super::LiveSubscriptions;
    use crate::format::Format;

    #[tokio::test]
    async fn a_connection_that_belongs_to_another_project_is_told_that_its_subscriptions_have_ended() {
        let stores = Stores {
            management: Arc::new(ReferenceStore::new()),
            messages: Arc::new(ReferenceStore::new()),
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
        let params = SubscriptionParams::new(json!({})).unwrap();
        let following =
            zaqar.follow(&caller, &name, &params, "websocket://one".to_owned(), None).await.unwrap();
        let Following::New(follower) = &following else { panic!("it was renewed") };
        let id = follower.id().to_string();
        let mut subscriptions = LiveSubscriptions::default();
        subscriptions.add(following, Format::MessagePack);
        subscriptions.end_all();
        assert_eq!(subscriptions.len(), 0);
        let outgoing = subscriptions.next().await.unwrap();
        let expected = json!({
            "Message_Type": "SubscriptionEnded", "topic_name": "t", "subscription_id": id, "code": "project_changed",
            "reason": "The connection belongs to another project now.",
        });
        assert_eq!(serde_json::from_str::<Value>(&outgoing.text).unwrap(), expected);
        assert_eq!(outgoing.format, Format::MessagePack);
        let gone = zaqar.get_subscription(&caller, &name, &id).await;
        assert!(gone.is_err(), "{gone:?}");
    }
}
