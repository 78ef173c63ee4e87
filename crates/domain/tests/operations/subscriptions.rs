use std::sync::Arc;

use serde_json::{Value, json};
use zaqar_domain::{
    Error, Failure, Limits, PurgeScope, Stores, SubscriberCheck, SubscriptionListing, SubscriptionParams,
    TrustMaker, TrustNotMade, Zaqar,
};
use zaqar_model::{
    AuthToken, Caller, Clock, DestinationKind, DestinationName, Metadata, RandomIds, Subscription,
    SubscriptionId, TrustRequest,
};
use zaqar_storage::ManagementStore;
use zaqar_storage_conformance::{ManualClock, ReferenceStore};
use zaqar_storage_faulty::FaultyStore;

use crate::fixture::{Fixture, caller, name, queue_named, topic_named};

const SUBSCRIBER: &str = "http://trigger.me";

fn wish(document: Value) -> SubscriptionParams {
    SubscriptionParams::new(document).unwrap()
}

async fn subscribe(fixture: &Fixture, to: &DestinationName, subscriber: &str) -> SubscriptionId {
    let wish = wish(json!({"subscriber": subscriber, "ttl": 60, "options": {"a": 1}}));
    fixture.zaqar.create_subscription(&fixture.caller, to, &wish).await.unwrap()
}

async fn get(fixture: &Fixture, of: &DestinationName, id: SubscriptionId) -> Option<Subscription> {
    match fixture.zaqar.get_subscription(&fixture.caller, of, &id.to_string()).await {
        Ok(shown) => Some(shown.subscription),
        Err(Error::NotFound(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn list(fixture: &Fixture, caller: &Caller, of: &DestinationName) -> Vec<SubscriptionId> {
    let listing = SubscriptionListing { marker: None, limit: Some(20) };
    let listed = fixture.zaqar.list_subscriptions(caller, of, &listing).await.unwrap();
    listed.subscriptions.iter().map(|subscription| subscription.id).collect()
}

async fn exists(fixture: &Fixture, what: &DestinationName) -> bool {
    let found = fixture.management.find(what.kind, &fixture.caller.project, &what.name).await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn the_first_subscription_makes_the_queue_or_topic() {
    let fixture = Fixture::new();
    for to in [queue_named("q"), topic_named("t")] {
        let id = subscribe(&fixture, &to, SUBSCRIBER).await;
        assert!(exists(&fixture, &to).await);
        let made = get(&fixture, &to, id).await.unwrap();
        assert_eq!((made.subscriber.as_str(), made.ttl.get(), made.confirmed), (SUBSCRIBER, 60, false));
        assert_eq!(made.options.get("a"), Some(&json!(1)));
    }
}

#[tokio::test]
async fn a_refused_subscription_makes_no_queue() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    for refused in [json!({}), json!({"subscriber": "fake"}), json!({"subscriber": SUBSCRIBER, "ttl": 0})] {
        let outcome = fixture.zaqar.create_subscription(&fixture.caller, &q, &wish(refused)).await;
        assert!(matches!(outcome, Err(Error::Invalid(_))));
    }
    assert!(!exists(&fixture, &q).await);
}

#[tokio::test]
async fn a_store_without_subscriptions_refuses_them_before_a_queue_is_made() {
    let management: Arc<dyn ManagementStore> = Arc::new(ReferenceStore::new());
    let stores =
        Stores { management: Arc::clone(&management), messages: Arc::new(FaultyStore), placement: None };
    let zaqar = Zaqar::new(stores, Limits::default(), Arc::new(ManualClock::new()), Arc::new(RandomIds));
    let caller = caller("p");
    let wish = wish(json!({"subscriber": SUBSCRIBER}));
    let outcome = zaqar.create_subscription(&caller, &queue_named("q"), &wish).await;
    assert!(matches!(outcome, Err(Error::Unavailable { failure: Failure::CreateSubscription, .. })));
    assert_eq!(management.find(DestinationKind::Queue, &caller.project, &name("q")).await.unwrap(), None);
}

#[tokio::test]
async fn one_that_waits_to_be_confirmed_is_answered_again_and_a_confirmed_one_refused() {
    let fixture = Fixture::new();
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, queue_named("q"));
    let id = subscribe(&fixture, &q, SUBSCRIBER).await;
    let again = wish(json!({"subscriber": SUBSCRIBER, "ttl": 1000, "options": {}}));
    assert_eq!(zaqar.create_subscription(caller, &q, &again).await.unwrap(), id);
    assert_eq!(get(&fixture, &q, id).await.unwrap().ttl.get(), 60);

    for wrong in [None, Some(Value::Null), Some(json!(1))] {
        let outcome = zaqar.confirm_subscription(caller, &q, &id.to_string(), wrong.as_ref()).await;
        assert!(matches!(outcome, Err(Error::Invalid(_))));
    }
    let absent = zaqar.confirm_subscription(caller, &q, "x", Some(&json!(true))).await;
    assert_eq!(absent.unwrap_err().to_string(), "Subscription x does not exist");
    for confirmed in [true, false, true] {
        zaqar.confirm_subscription(caller, &q, &id.to_string(), Some(&json!(confirmed))).await.unwrap();
        assert_eq!(get(&fixture, &q, id).await.unwrap().confirmed, confirmed);
    }
    let refused = zaqar.create_subscription(caller, &q, &again).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    // Elsewhere the subscriber is free.
    assert_ne!(subscribe(&fixture, &topic_named("q"), SUBSCRIBER).await, id);
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q, SUBSCRIBER).await;
    subscribe(&fixture, &q, "http://other").await;
    let update = async |of: &DestinationName, id: &str, change: Value| {
        fixture.zaqar.update_subscription(&fixture.caller, of, id, &wish(change)).await
    };
    let text = id.to_string();
    fixture.clock.advance_secs(50);
    update(&q, &text, json!({"options": {"b": 2}})).await.unwrap();
    update(&q, &text, json!({"subscriber": "mailto:a@b.c", "ttl": 100})).await.unwrap();
    let changed = get(&fixture, &q, id).await.unwrap();
    assert_eq!((changed.subscriber.as_str(), changed.ttl.get()), ("mailto:a@b.c", 100));
    assert_eq!((changed.renewed, changed.options.get("a")), (fixture.clock.now(), None));

    let taken = update(&q, &text, json!({"subscriber": "http://other"})).await;
    assert!(matches!(taken, Err(Error::Conflict(_))));
    for nothing in [json!({"unknown": 1}), json!({"ttl": null})] {
        assert!(matches!(update(&q, &text, nothing).await, Err(Error::NothingToUpdate { .. })));
    }
    for (of, id) in [(&q, "x"), (&topic_named("q"), text.as_str()), (&queue_named("other"), &text)] {
        assert!(matches!(update(of, id, json!({"ttl": 60})).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn an_expired_subscription_is_gone_and_its_subscriber_free() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let id = subscribe(&fixture, &q, SUBSCRIBER).await;
    let text = id.to_string();
    fixture.zaqar.confirm_subscription(&fixture.caller, &q, &text, Some(&json!(true))).await.unwrap();
    fixture.clock.advance_secs(59);
    assert!(get(&fixture, &q, id).await.is_some());
    fixture.clock.advance_secs(1);
    assert_eq!(get(&fixture, &q, id).await, None);
    assert!(list(&fixture, &fixture.caller, &q).await.is_empty());
    assert_ne!(subscribe(&fixture, &q, SUBSCRIBER).await, id);
}

#[tokio::test]
async fn the_default_time_to_live_is_the_sites() {
    let fixture = Fixture::with(Limits { default_subscription_ttl: 77, ..Limits::default() });
    let q = queue_named("q");
    let wish = wish(json!({"subscriber": SUBSCRIBER}));
    let id = fixture.zaqar.create_subscription(&fixture.caller, &q, &wish).await.unwrap();
    assert_eq!(get(&fixture, &q, id).await.unwrap().ttl.get(), 77);
}

#[tokio::test]
async fn subscriptions_are_listed_by_pages() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    for number in 0..12 {
        subscribe(&fixture, &q, &format!("http://{number}")).await;
    }
    let list = async |marker: Option<String>, limit| {
        let listing = SubscriptionListing { marker, limit };
        fixture.zaqar.list_subscriptions(&fixture.caller, &q, &listing).await
    };
    let first = list(None, None).await.unwrap();
    assert_eq!(first.subscriptions.len(), 10);
    let second = list(first.next.map(|id| id.to_string()), Some(20)).await.unwrap();
    assert_eq!(second.subscriptions.len(), 2);
    let third = list(second.next.map(|id| id.to_string()), None).await.unwrap();
    assert_eq!((third.subscriptions, third.next), (Vec::new(), None));
    assert!(list(Some("no id".into()), None).await.unwrap().subscriptions.is_empty());
    for limit in [0, 21, -1] {
        assert!(matches!(list(None, Some(limit)).await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn subscriptions_are_listed_in_the_order_of_their_creation() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let mut made = Vec::new();
    for number in 0..20 {
        made.push(subscribe(&fixture, &q, &format!("http://{number}")).await);
        fixture.clock.advance_millis(number / 10);
    }
    assert_eq!(list(&fixture, &fixture.caller, &q).await, made);
}

#[tokio::test]
async fn nobody_reaches_another_projects_subscriptions() {
    let fixture = Fixture::new();
    let (zaqar, q) = (&fixture.zaqar, queue_named("q"));
    let id = subscribe(&fixture, &q, SUBSCRIBER).await;
    let (stranger, text) = (caller("stranger"), id.to_string());
    // Also where the stranger has a queue of the same name.
    for _ in 0..2 {
        assert!(list(&fixture, &stranger, &q).await.is_empty());
        let got = zaqar.get_subscription(&stranger, &q, &text).await;
        assert!(matches!(got, Err(Error::NotFound(_))));
        let updated = zaqar.update_subscription(&stranger, &q, &text, &wish(json!({"ttl": 1000}))).await;
        assert!(matches!(updated, Err(Error::NotFound(_))));
        let confirmed = zaqar.confirm_subscription(&stranger, &q, &text, Some(&json!(true))).await;
        assert!(matches!(confirmed, Err(Error::NotFound(_))));
        zaqar.delete_subscription(&stranger, &q, &text).await.unwrap();
        zaqar.create_queue(&stranger, &q, crate::fixture::metadata_of(json!({}))).await.unwrap();
    }
    let own = get(&fixture, &q, id).await.unwrap();
    assert_eq!((own.ttl.get(), own.confirmed), (60, false));
    let free = wish(json!({"subscriber": SUBSCRIBER}));
    assert_ne!(zaqar.create_subscription(&stranger, &q, &free).await.unwrap(), id);
}

#[tokio::test]
async fn subscriptions_go_with_what_they_are_to() {
    let fixture = Fixture::new();
    let (zaqar, caller) = (&fixture.zaqar, &fixture.caller);
    let (q, t) = (queue_named("same"), topic_named("same"));
    let (of_queue, of_topic) =
        (subscribe(&fixture, &q, SUBSCRIBER).await, subscribe(&fixture, &t, SUBSCRIBER).await);
    zaqar.delete_queue(caller, &q).await.unwrap();
    fixture.make_queue("same", json!({})).await;
    assert_eq!(get(&fixture, &q, of_queue).await, None);
    assert_eq!(list(&fixture, caller, &q).await, []);
    assert_eq!(list(&fixture, caller, &t).await, [of_topic]);

    zaqar.delete_subscription(caller, &q, &of_topic.to_string()).await.unwrap();
    assert_eq!(list(&fixture, caller, &t).await, [of_topic]);
    zaqar.delete_subscription(caller, &t, &of_topic.to_string()).await.unwrap();
    zaqar.delete_subscription(caller, &t, &of_topic.to_string()).await.unwrap();
    assert_eq!(list(&fixture, caller, &t).await, []);
}

#[tokio::test]
async fn a_purge_takes_subscriptions_if_it_names_them() {
    let fixture = Fixture::new();
    for of in [queue_named("q"), topic_named("q")] {
        let id = subscribe(&fixture, &of, SUBSCRIBER).await;
        let purge = async |messages, subscriptions| {
            let scope = PurgeScope { messages, subscriptions };
            fixture.zaqar.purge_queue(&fixture.caller, &of, scope).await.unwrap();
        };
        purge(true, false).await;
        assert_eq!(list(&fixture, &fixture.caller, &of).await, [id]);
        purge(false, true).await;
        assert_eq!(list(&fixture, &fixture.caller, &of).await, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_subscribe_at_once_one_subscription_comes_out() {
    let fixture = Arc::new(Fixture::new());
    let mut subscribing = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let fixture = Arc::clone(&fixture);
        subscribing.spawn(async move { subscribe(&fixture, &queue_named("q"), SUBSCRIBER).await });
    }
    let ids = subscribing.join_all().await;
    assert_eq!(list(&fixture, &fixture.caller, &queue_named("q")).await, [ids[0]]);
    assert!(ids.iter().all(|id| *id == ids[0]));
}

/// Makes trusts as it is told to, and remembers for whom.
#[derive(Debug, Default)]
struct Maker {
    refuses: Option<&'static str>,
    made: std::sync::Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl TrustMaker for Maker {
    async fn make(&self, wish: &TrustRequest<'_>) -> Result<String, TrustNotMade> {
        let TrustRequest { token, user, project, roles, expires } = wish;
        let wish = format!("{} {user} {project} {roles:?} {}", token.expose(), expires.as_millis() / 1000);
        self.made.lock().unwrap().push(wish);
        match self.refuses {
            None => Ok("a-trust".to_owned()),
            Some("away") => Err(TrustNotMade::Unavailable("away".into())),
            Some(reason) => Err(TrustNotMade::Refused(reason.to_owned())),
        }
    }
}

fn with_maker(maker: &Arc<Maker>) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.caller.token = Some(AuthToken::new("token"));
    fixture.caller.identity.user = Some("alice".to_owned());
    let maker: Arc<dyn TrustMaker> = Arc::<Maker>::clone(maker);
    Fixture { zaqar: fixture.zaqar.with_trusts(maker), ..fixture }
}

#[tokio::test]
async fn whoever_subscribes_a_service_that_wants_a_token_lends_it_their_rights() {
    let maker = Arc::new(Maker::default());
    let fixture = with_maker(&maker);
    let q = queue_named("q");
    let id = subscribe(&fixture, &q, "trust+http://mistral").await;
    let made = get(&fixture, &q, id).await.unwrap();
    assert_eq!(made.options.get("trust_id"), Some(&json!("a-trust")));
    assert_eq!(made.options.get("a"), Some(&json!(1)));
    let until = made.ttl.after(made.renewed).as_millis() / 1000;
    assert_eq!(*maker.made.lock().unwrap(), [format!("token alice p [\"admin\"] {until}")]);

    // The same again needs no second one, nor do others.
    assert_eq!(subscribe(&fixture, &q, "trust+http://mistral").await, id);
    subscribe(&fixture, &q, "http://mistral").await;
    let named = json!({"subscriber": "TRUST+https://mistral", "options": {"trust_id": "mine"}});
    let named = fixture.zaqar.create_subscription(&fixture.caller, &q, &wish(named)).await.unwrap();
    assert_eq!(get(&fixture, &q, named).await.unwrap().options.get("trust_id"), Some(&json!("mine")));
    assert_eq!(maker.made.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn where_no_trust_comes_about_there_is_no_subscription_and_no_queue() {
    let wanted = || wish(json!({"subscriber": "trust+https://mistral"}));
    let q = queue_named("q");
    for (refuses, text) in [
        ("not allowed", "Keystone makes no trust for this subscription: not allowed"),
        (
            "away",
            "Subscription could not be created. Keystone cannot be asked now. Please try again in a few seconds.",
        ),
    ] {
        let fixture = with_maker(&Arc::new(Maker { refuses: Some(refuses), ..Maker::default() }));
        let refusal = fixture.zaqar.create_subscription(&fixture.caller, &q, &wanted()).await.unwrap_err();
        assert_eq!(refusal.to_string(), text);
        assert!(!exists(&fixture, &q).await);
    }
    let mut without_token = with_maker(&Arc::default());
    without_token.caller.token = None;
    for fixture in [without_token, Fixture::new()] {
        let refusal = fixture.zaqar.create_subscription(&fixture.caller, &q, &wanted()).await.unwrap_err();
        assert!(matches!(&refusal, Error::Conflict(text) if text.contains("trust_id")), "{refusal}");
        assert!(!exists(&fixture, &q).await);
    }
}

/// Nothing can be sent to `http://never`, nor where the options say so.
#[derive(Debug)]
struct Picky;

impl SubscriberCheck for Picky {
    fn check(&self, subscriber: &str, options: &Metadata) -> Result<(), String> {
        let never = subscriber == "http://never" || options.get("never").is_some();
        if never { Err("it never works".to_owned()) } else { Ok(()) }
    }
}

#[tokio::test]
async fn what_can_never_be_delivered_is_refused_on_create_and_on_patch() {
    let fixture = with_maker(&Arc::default());
    let fixture = Fixture { zaqar: fixture.zaqar.with_subscriber_check(Arc::new(Picky)), ..fixture };
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, queue_named("q"));
    let text = "Nothing can be delivered to this subscription: it never works.";
    let never = json!({"never": 1});
    for document in [
        json!({"subscriber": "http://never"}),
        json!({"subscriber": SUBSCRIBER, "options": never}),
        json!({"subscriber": "trust+http://mistral", "options": never}),
    ] {
        let refusal = zaqar.create_subscription(caller, &q, &wish(document)).await.unwrap_err();
        assert_eq!(refusal.to_string(), text);
        assert!(!exists(&fixture, &q).await);
    }
    let id = subscribe(&fixture, &q, SUBSCRIBER).await;
    let patch = async |document: Value| {
        let changed = zaqar.update_subscription(caller, &q, &id.to_string(), &wish(document)).await;
        changed.map_err(|error| error.to_string())
    };
    let before = get(&fixture, &q, id).await;
    assert_eq!(patch(json!({"subscriber": "http://never"})).await, Err(text.to_owned()));
    assert_eq!(patch(json!({"options": never})).await, Err(text.to_owned()));
    let without_trust = patch(json!({"subscriber": "trust+http://mistral"})).await.unwrap_err();
    assert!(without_trust.contains("trust_id"), "{without_trust}");
    assert_eq!(get(&fixture, &q, id).await, before);
    assert_eq!(patch(json!({"options": {"b": 1}})).await, Ok(()));
}

#[tokio::test]
async fn new_options_of_a_subscriber_that_wants_a_token_keep_its_trust() {
    let fixture = with_maker(&Arc::default());
    let (zaqar, caller, q) = (&fixture.zaqar, &fixture.caller, queue_named("q"));
    let id = subscribe(&fixture, &q, "trust+http://mistral").await;
    for (options, trust) in [(json!({"b": 1}), "a-trust"), (json!({"trust_id": "other"}), "other")] {
        let change = wish(json!({ "options": options }));
        zaqar.update_subscription(caller, &q, &id.to_string(), &change).await.unwrap();
        assert_eq!(get(&fixture, &q, id).await.unwrap().options.get("trust_id"), Some(&json!(trust)));
    }
}

#[tokio::test]
async fn options_that_are_null_come_back_as_null() {
    let fixture = Fixture::new();
    let q = queue_named("q");
    let document = json!({"subscriber": SUBSCRIBER, "options": null});
    let id = fixture.zaqar.create_subscription(&fixture.caller, &q, &wish(document)).await.unwrap();
    assert_eq!(get(&fixture, &q, id).await.unwrap().options.into_value(), Value::Null);
}
