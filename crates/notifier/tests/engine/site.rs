//! A service whose engine the test drives.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use zaqar_authentication::SigningKeys;
use zaqar_domain::{Draft, FailureListing, Limits, MessageListing, Stores, SubscriptionParams, Zaqar};
use zaqar_model::{
    AttemptEnd, AttemptFilter, AttemptRecord, Caller, ClientId, Clock, ConfirmationRequest, DestinationName,
    Identity, JsonText, MessageId, PageRequest, ProjectId, QueueName, RandomIds, SubscriptionId,
};
use zaqar_notifier::{Confirmations, Engine, EngineOptions, PublicEndpoints, Senders};
use zaqar_storage::{ManagementStore, MessageStore, Redelivery};
use zaqar_storage_conformance::ReferenceStore;

pub(crate) struct Site {
    pub(crate) zaqar: Arc<Zaqar>,
    management: Arc<dyn ManagementStore>,
    store: Arc<dyn MessageStore>,
    stop: oneshot::Sender<()>,
    engine: tokio::task::JoinHandle<()>,
}

impl Site {
    pub(crate) fn start(
        store: Arc<dyn MessageStore>,
        clock: Arc<dyn Clock>,
        senders: Senders,
        options: EngineOptions,
    ) -> Self {
        Self::start_with(store, clock, senders, options, Limits::default(), SigningKeys::default())
    }

    pub(crate) fn start_with(
        store: Arc<dyn MessageStore>,
        clock: Arc<dyn Clock>,
        senders: Senders,
        options: EngineOptions,
        limits: Limits,
        keys: SigningKeys,
    ) -> Self {
        let management: Arc<dyn ManagementStore> = Arc::new(ReferenceStore::new());
        let stores =
            Stores { management: Arc::clone(&management), messages: Arc::clone(&store), placement: None };
        let zaqar = Arc::new(Zaqar::new(stores, limits, clock, Arc::new(RandomIds)));
        let (stop, stopping) = oneshot::channel();
        let confirmations = Confirmations::new(keys, PublicEndpoints::default());
        let engine = Engine::new(Arc::clone(&zaqar), senders, confirmations, options);
        let engine = tokio::spawn(engine.run(async move { drop(stopping.await) }));
        Self { zaqar, management, store, stop, engine }
    }

    pub(crate) async fn subscribe(&self, subscriber: &str, options: Value) -> SubscriptionId {
        let wish = SubscriptionParams::new(json!({"subscriber": subscriber, "options": options})).unwrap();
        self.zaqar.create_subscription(&caller(), &queue(), &wish).await.unwrap()
    }

    pub(crate) async fn post(&self, bodies: &[&str]) {
        let draft = |body: &&str| Draft {
            ttl: None,
            delay: None,
            body: JsonText::parse(Bytes::from(json!(body).to_string())).unwrap(),
        };
        let (caller, queue) = (caller(), queue());
        let posting = self.zaqar.begin_post(&caller, &queue).await.unwrap();
        posting.post(bodies.iter().map(draft).collect()).await.unwrap();
    }

    /// What is on record of a subscription, the oldest first.
    pub(crate) async fn attempts(&self, subscription: SubscriptionId) -> Vec<AttemptRecord> {
        let (kind, name) = (queue().kind, queue().name);
        let source = self.management.find(kind, &caller().project, &name).await.unwrap().unwrap();
        let page = PageRequest { marker: None, limit: 100 };
        let (filter, now) = (AttemptFilter::default(), self.zaqar.now());
        let kept =
            self.store.deliveries().unwrap().attempts(&source.destination, subscription, &filter, &page, now);
        let mut attempts = kept.await.unwrap().items;
        attempts.reverse();
        attempts
    }

    /// What is on record of a subscription, once its newest attempt ends like this.
    pub(crate) async fn wait_for_attempt(
        &self,
        subscription: SubscriptionId,
        is_meant: fn(AttemptEnd) -> bool,
    ) -> Vec<AttemptRecord> {
        loop {
            let attempts = self.attempts(subscription).await;
            if attempts.last().is_some_and(|kept| is_meant(kept.end)) {
                return attempts;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What failed for good: after how many attempts, and why.
    pub(crate) async fn failures(&self, queue: &DestinationName, subscription: &str) -> Vec<(u32, String)> {
        let listing = FailureListing { marker: None, limit: Some(20) };
        let listed = self.zaqar.list_failures(&caller(), queue, subscription, &listing).await.unwrap();
        let failures = listed.failures.into_iter();
        failures.map(|failure| (failure.attempts, failure.reason.as_str().to_owned())).collect()
    }

    /// What a queue holds.
    pub(crate) async fn bodies(&self, queue: &str) -> Vec<String> {
        let name = DestinationName::queue(QueueName::new(queue).unwrap());
        let listing = MessageListing { echo: true, ..MessageListing::default() };
        let listed = self.zaqar.list_messages(&caller(), &name, &listing).await.unwrap();
        let bodies = listed.messages.iter().map(|message| message.body.as_bytes().to_vec());
        bodies.map(|body| String::from_utf8(body).unwrap()).collect()
    }

    /// Lets a request to confirm be tried at once, and waits until that has found nobody to ask.
    pub(crate) async fn try_in_vain(&self, request: MessageId) {
        let (name, project, now) = (DestinationName::confirmations(), caller().project, self.zaqar.now());
        let found = self.management.find(name.kind, &project, &name.name).await.unwrap().unwrap();
        let source = &found.destination;
        let own = self
            .store
            .subscriptions()
            .unwrap()
            .find_subscriber(source, ConfirmationRequest::SUBSCRIBER, now)
            .await
            .unwrap();
        let own = own.unwrap().id;
        let which = Redelivery::Message(request);
        assert_eq!(self.store.deliveries().unwrap().redeliver(source, own, which, now).await.unwrap(), 1);
        loop {
            let page = PageRequest { marker: None, limit: 100 };
            let about = AttemptFilter { message: Some(request), ..AttemptFilter::default() };
            let attempts = self
                .store
                .deliveries()
                .unwrap()
                .attempts(source, own, &about, &page, now)
                .await
                .unwrap()
                .items;
            if ends(&attempts)[0] == ("there is nothing left to confirm", true) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Lets the engine come to its end: what was under way is on record then.
    pub(crate) async fn stop(&mut self) {
        let (stop, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.stop, stop));
        (&mut self.engine).await.unwrap();
    }

    /// The bodies of the messages in a queue, once there are some.
    pub(crate) async fn wait_for_messages(&self, queue: &str) -> Vec<Value> {
        let (caller, name) = (caller(), DestinationName::queue(QueueName::new(queue).unwrap()));
        let listing = MessageListing { echo: true, limit: Some(20), ..MessageListing::default() };
        loop {
            let listed = self.zaqar.list_messages(&caller, &name, &listing).await.unwrap().messages;
            if !listed.is_empty() {
                return listed
                    .iter()
                    .map(|message| serde_json::from_slice(message.body.as_bytes()).unwrap())
                    .collect();
            }
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn caller() -> Caller {
    Caller {
        project: ProjectId::new("p").unwrap(),
        client: Some(ClientId::new("3381af92-2b9e-11e3-b191-71861300734c")),
        roles: vec!["admin".into()],
        identity: Identity::default(),
        token: None,
    }
}

pub(crate) fn queue() -> DestinationName {
    DestinationName::queue(QueueName::new("q").unwrap())
}

/// What each attempt said, and whether it was the one that delivered.
pub(crate) fn ends(attempts: &[AttemptRecord]) -> Vec<(&str, bool)> {
    let end = |kept: &AttemptRecord| kept.end == AttemptEnd::Delivered;
    attempts.iter().map(|kept| (kept.attempt.excerpt.as_str(), end(kept))).collect()
}
