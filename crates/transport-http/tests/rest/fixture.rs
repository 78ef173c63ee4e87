//! A service with a clock that only the test moves, and a client that speaks to it without a socket.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::ServiceExt;
use zaqar_authentication::SigningKeys;
use zaqar_domain::{Limits, Pipelines, Stores, Zaqar};
use zaqar_model::{
    Attempt, Clock, Delivery, DeliveryOutcome, DestinationKind, Excerpt, IdSource, LeaseId, ProjectId,
    QueueName, RandomIds, Suspension,
};
use zaqar_storage::{ManagementStore, MessageStore, SubscriptionChange};
use zaqar_storage_conformance::samples::attempt;
use zaqar_storage_conformance::{LeaseDue, ManualClock, ModelPlacement, ReferenceStore};
use zaqar_transport_http::{HttpOptions, HttpService};

pub(crate) const CLIENT: &str = "3381af92-2b9e-11e3-b191-71861300734c";
pub(crate) const PATCH: &str = "application/openstack-messaging-v2.0-json-patch";

pub(crate) struct Fixture {
    pub(crate) service: HttpService,
    pub(crate) zaqar: Arc<Zaqar>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) management: Arc<dyn ManagementStore>,
    pub(crate) store: Arc<dyn MessageStore>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::new());
        Self::with_clock(limits, Arc::clone(&clock), clock)
    }

    /// With the default options of the service, changed by `change`.
    pub(crate) fn with_options(change: impl FnOnce(&mut HttpOptions)) -> Self {
        let mut options = HttpOptions::default();
        change(&mut options);
        Self::new().served_with(options)
    }

    /// With these stages in front of it.
    pub(crate) fn with_pipelines(pipelines: Pipelines) -> Self {
        let fixture = Self::new();
        let stores = Stores {
            management: Arc::clone(&fixture.management),
            messages: Arc::clone(&fixture.store),
            placement: None,
        };
        let now: Arc<dyn Clock> = Arc::<ManualClock>::clone(&fixture.clock);
        let zaqar = Zaqar::new(stores, Limits::default(), now, Arc::new(RandomIds)).with_pipelines(pipelines);
        let zaqar = Arc::new(zaqar);
        Self { service: HttpService::new(Arc::clone(&zaqar), HttpOptions::default()), zaqar, ..fixture }
    }

    /// With pools.
    pub(crate) fn with_pools() -> Self {
        let clock = Arc::new(ManualClock::new());
        let stores = Stores {
            management: Arc::new(ReferenceStore::new()),
            messages: Arc::new(ReferenceStore::new()),
            placement: Some(Arc::new(ModelPlacement::new())),
        };
        let now: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        Self::over(stores, Limits::default(), clock, now, Arc::new(RandomIds))
    }

    /// With another clock than the one that the test moves.
    pub(crate) fn with_clock(limits: Limits, clock: Arc<ManualClock>, now: Arc<dyn Clock>) -> Self {
        let management: Arc<dyn ManagementStore> = Arc::new(ReferenceStore::new());
        let store: Arc<dyn MessageStore> = Arc::new(ReferenceStore::new());
        let stores = Stores { management, messages: store, placement: None };
        Self::over(stores, limits, clock, now, Arc::new(RandomIds))
    }

    pub(crate) fn over(
        stores: Stores,
        limits: Limits,
        clock: Arc<ManualClock>,
        now: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        let (management, store) = (Arc::clone(&stores.management), Arc::clone(&stores.messages));
        let zaqar = Arc::new(Zaqar::new(stores, limits, now, ids));
        let service = HttpService::new(Arc::clone(&zaqar), Self::options());
        Self { service, zaqar, clock, management, store }
    }

    /// For administrators, and with a key to sign with.
    pub(crate) fn options() -> HttpOptions {
        let signing_keys = SigningKeys::new(Some("test_key"), Vec::new(), Some(1_000_000));
        HttpOptions { admin_mode: true, signing_keys, ..HttpOptions::default() }
    }

    /// The same stores, served with other options.
    pub(crate) fn served_with(&self, options: HttpOptions) -> Self {
        Self {
            service: HttpService::new(Arc::clone(&self.zaqar), options),
            zaqar: Arc::clone(&self.zaqar),
            clock: Arc::clone(&self.clock),
            management: Arc::clone(&self.management),
            store: Arc::clone(&self.store),
        }
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, "")).await
    }

    pub(crate) async fn put(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(request("PUT", path, body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(request("POST", path, body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(request("DELETE", path, "")).await
    }

    pub(crate) async fn patch(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        let mut request = request("PATCH", path, body);
        request.headers_mut().insert("content-type", PATCH.parse().unwrap());
        self.send(request).await
    }

    /// Makes all deliveries that are due, in place of a notifier. `end` decides how each attempt ends.
    pub(crate) async fn deliver(&self, status: u16, end: impl Fn(Attempt) -> DeliveryOutcome) {
        let now = self.clock.now();
        let (lease, due) = self.lease().await;
        let reports: Vec<_> =
            due.iter().map(|delivery| delivery.report(end(attempt(now, Some(status))))).collect();
        self.store.deliveries().unwrap().record(lease, &reports, now).await.unwrap();
    }

    /// Suspends a subscription, in place of a notifier.
    pub(crate) async fn suspend(&self, id: &str, reason: &str) {
        let now = self.clock.now();
        let suspension = Suspension { since: now, reason: Excerpt::new(reason) };
        let change = SubscriptionChange { suspended: Some(Some(suspension)), ..Default::default() };
        let (project, name) = (ProjectId::new("p").unwrap(), QueueName::new("q").unwrap());
        let found = self.management.find(DestinationKind::Queue, &project, &name).await.unwrap().unwrap();
        let subscriptions = self.store.subscriptions().unwrap();
        let changed =
            subscriptions.update_subscription(&found.destination, id.parse().unwrap(), change, now).await;
        assert!(changed.unwrap());
    }

    /// Leases all deliveries that are due, for a minute.
    pub(crate) async fn lease(&self) -> (LeaseId, Vec<Delivery>) {
        self.store.deliveries().unwrap().lease_due(100, self.clock.now()).await.unwrap()
    }

    /// Posts messages with these bodies. Returns their paths.
    pub(crate) async fn post_messages(&self, queue: &str, bodies: &[&str]) -> Vec<String> {
        let items: Vec<_> = bodies.iter().map(|body| format!("{{\"ttl\": 300, \"body\": {body}}}")).collect();
        let document = format!("{{\"messages\": [{}]}}", items.join(","));
        let answer = self.post(&format!("/v2/queues/{queue}/messages"), document).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let hrefs = answer.json()["resources"].as_array().unwrap().clone();
        hrefs.iter().map(|href| href.as_str().unwrap().to_owned()).collect()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, title and description, for comparing at once.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, title: &str, description: &str) {
        let expected = serde_json::json!({ "title": title, "description": description });
        assert_eq!((self.status.as_u16(), self.json()), (status, expected));
    }
}

/// A request with the headers that upstream requires. An empty text means no body.
pub(crate) fn request(method: &str, path: &str, body: impl AsRef<[u8]>) -> Request<Full<Bytes>> {
    let body = Bytes::copy_from_slice(body.as_ref());
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("client-id", CLIENT)
        .header("x-project-id", "p")
        .header("x-roles", "admin");
    if !body.is_empty() {
        request = request.header("content-length", body.len());
    }
    request.body(Full::new(body)).unwrap()
}
