//! A service with a clock that only the test moves.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use zaqar_domain::{
    ClaimParams, Draft, Key, Keyring, Limits, MessageListing, NewClaim, Pipelines, Stores, Zaqar,
};
use zaqar_model::{
    Attempt, Caller, ClientId, Clock, DeliveryOutcome, Destination, DestinationName, Identity, JsonText,
    Message, MessageId, Metadata, PageRequest, ProjectId, QueueName, RandomIds,
};
use zaqar_storage::{ManagementStore, MessageStore, Placement};
use zaqar_storage_conformance::samples::attempt;
use zaqar_storage_conformance::{LeaseDue, ManualClock, ReferenceStore};

pub(crate) struct Fixture {
    pub(crate) zaqar: Zaqar,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) management: Arc<dyn ManagementStore>,
    pub(crate) store: Arc<dyn MessageStore>,
    pub(crate) caller: Caller,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::with_placement(limits, None)
    }

    pub(crate) fn with_placement(limits: Limits, placement: Option<Arc<dyn Placement>>) -> Self {
        let clock = Arc::new(ManualClock::new());
        let management: Arc<dyn ManagementStore> = Arc::new(ReferenceStore::new());
        let store: Arc<dyn MessageStore> = Arc::new(ReferenceStore::new());
        let stores = Stores { management: Arc::clone(&management), messages: Arc::clone(&store), placement };
        let now: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let zaqar = Zaqar::new(stores, limits, now, Arc::new(RandomIds));
        Self { zaqar, clock, management, store, caller: caller("p") }
    }

    /// The same service after a restart with other keys.
    pub(crate) fn with_keys(self, keys: impl IntoIterator<Item = Key>) -> Self {
        let keyring = Arc::new(Keyring::new(keys.into_iter().collect()));
        Self { zaqar: self.zaqar.with_keyring(keyring), ..self }
    }

    /// The same service with stages in front of it.
    pub(crate) fn with_pipelines(self, pipelines: Pipelines) -> Self {
        Self { zaqar: self.zaqar.with_pipelines(pipelines), ..self }
    }

    pub(crate) async fn make_queue(&self, queue: &str, metadata: Value) {
        self.zaqar.create_queue(&self.caller, &queue_named(queue), metadata_of(metadata)).await.unwrap();
    }

    pub(crate) async fn post(&self, queue: &str, bodies: &[&'static str]) -> Vec<MessageId> {
        let drafts = bodies.iter().map(|body| draft(body)).collect();
        self.post_drafts(queue, drafts).await
    }

    pub(crate) async fn post_drafts(&self, queue: &str, drafts: Vec<Draft>) -> Vec<MessageId> {
        self.post_to(&queue_named(queue), drafts).await
    }

    pub(crate) async fn post_to(&self, name: &DestinationName, drafts: Vec<Draft>) -> Vec<MessageId> {
        self.zaqar.begin_post(&self.caller, name).await.unwrap().post(drafts).await.unwrap()
    }

    /// All that the caller can see, its own messages among them.
    pub(crate) async fn list(&self, queue: &str) -> Vec<Message> {
        self.list_in(&queue_named(queue)).await
    }

    pub(crate) async fn list_in(&self, name: &DestinationName) -> Vec<Message> {
        let listing = MessageListing { echo: true, limit: Some(20), ..MessageListing::default() };
        self.zaqar.list_messages(&self.caller, name, &listing).await.unwrap().messages
    }

    pub(crate) async fn claim(&self, queue: &str) -> Option<NewClaim> {
        let wish = ClaimParams { ttl: Some(60), grace: Some(60) };
        self.zaqar.create_claim(&self.caller, &name(queue), wish, None).await.unwrap()
    }

    /// Makes all deliveries that are due, in place of a notifier. Each ends as `end` makes of its attempt.
    pub(crate) async fn deliver(&self, status: u16, end: impl Fn(Attempt) -> DeliveryOutcome) {
        let now = self.clock.now();
        let (lease, due) = self.store.deliveries().unwrap().lease_due(100, now).await.unwrap();
        let reports: Vec<_> =
            due.iter().map(|delivery| delivery.report(end(attempt(now, Some(status))))).collect();
        self.store.deliveries().unwrap().record(lease, &reports, now).await.unwrap();
    }

    pub(crate) async fn with_dead_letters(&self) -> Vec<Destination> {
        let page = PageRequest { marker: None, limit: 100 };
        self.store.with_dead_letters(&page).await.unwrap().items
    }

    /// Claims and lets the claim go, so many times.
    pub(crate) async fn wear_out(&self, queue: &str, times: usize) {
        for _ in 0..times {
            let claim = self.claim(queue).await.unwrap();
            self.zaqar.delete_claim(&self.caller, &name(queue), &claim.id.to_string()).await.unwrap();
        }
    }
}

pub(crate) fn caller(project: &str) -> Caller {
    let client = ClientId::new("3381af92-2b9e-11e3-b191-71861300734c");
    Caller {
        project: ProjectId::new(project).unwrap(),
        client: Some(client),
        roles: vec!["admin".into()],
        identity: Identity::default(),
        token: None,
    }
}

pub(crate) fn name(text: &str) -> QueueName {
    QueueName::new(text).unwrap()
}

pub(crate) fn queue_named(text: &str) -> DestinationName {
    DestinationName::queue(name(text))
}

pub(crate) fn topic_named(text: &str) -> DestinationName {
    DestinationName::topic(name(text))
}

pub(crate) fn draft(body: &'static str) -> Draft {
    Draft { ttl: Some(300), delay: None, body: JsonText::parse(Bytes::from_static(body.as_bytes())).unwrap() }
}

pub(crate) fn metadata_of(value: Value) -> Metadata {
    match value {
        Value::Object(members) => Metadata::new(members),
        _ => panic!("not an object"),
    }
}
