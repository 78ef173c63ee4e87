//! What becomes of an operation that a stage inspects, changes, refuses or answers, and of one whose stage fails.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use zaqar_domain::{
    Draft, Error, Key, PurgeScope, QueueCreation, Stage, StageResult, SubscriptionParams, Verdict,
};
use zaqar_model::{Caller, DestinationKind, DestinationName, MessageId, Metadata, RandomIds};

use super::{for_messages, for_queues};
use crate::encryption::sealed;
use crate::fixture::{Fixture, draft, metadata_of, queue_named, topic_named};

/// Does this to every post.
struct OnPost<F>(F);

impl<F> std::fmt::Debug for OnPost<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnPost")
    }
}

#[async_trait]
impl<F> Stage for OnPost<F>
where
    F: Fn(&Caller, &DestinationName, &mut Vec<Draft>) -> StageResult<Vec<MessageId>> + Send + Sync,
{
    async fn post_messages(
        &self,
        caller: &Caller,
        queue: &DestinationName,
        drafts: &mut Vec<Draft>,
    ) -> StageResult<Vec<MessageId>> {
        (self.0)(caller, queue, drafts)
    }
}

fn on_post<F>(decide: F) -> Arc<dyn Stage>
where
    F: Fn(&Caller, &DestinationName, &mut Vec<Draft>) -> StageResult<Vec<MessageId>> + Send + Sync + 'static,
{
    Arc::new(OnPost(decide))
}

/// Adds a message at the end of every post.
fn adding(body: &'static str) -> Arc<dyn Stage> {
    on_post(move |_, _, drafts| {
        drafts.push(draft(body));
        Ok(Verdict::Pass)
    })
}

async fn post_to(fixture: &Fixture, queue: &str) -> Result<Vec<MessageId>, Error> {
    let queue = queue_named(queue);
    fixture.zaqar.begin_post(&fixture.caller, &queue).await?.post(vec![draft("0")]).await
}

async fn bodies_in(fixture: &Fixture, queue: &str) -> Vec<String> {
    let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    fixture.list(queue).await.iter().map(|message| text(message.body.as_bytes())).collect()
}

async fn exists(fixture: &Fixture, kind: DestinationKind, queue: &str) -> bool {
    let name = &queue_named(queue).name;
    fixture.management.find(kind, &fixture.caller.project, name).await.unwrap().is_some()
}

#[tokio::test]
async fn a_stage_sees_who_asks_for_what() {
    let looking = on_post(|caller, queue, drafts| {
        let good = caller.project.as_str() == "p" && *queue == queue_named("q") && *drafts == [draft("0")];
        if good { Ok(Verdict::Pass) } else { Err("something else".into()) }
    });
    let fixture = Fixture::new().with_pipelines(for_messages([looking]));
    post_to(&fixture, "q").await.unwrap();
    assert_eq!(bodies_in(&fixture, "q").await, ["0"]);
    assert!(post_to(&fixture, "other").await.is_err());
}

#[tokio::test]
async fn stages_are_passed_in_order_and_each_sees_what_the_one_before_has_made() {
    for (stages, order) in
        [([adding("1"), adding("2")], ["0", "1", "2"]), ([adding("2"), adding("1")], ["0", "2", "1"])]
    {
        let fixture = Fixture::new().with_pipelines(for_messages(stages));
        post_to(&fixture, "q").await.unwrap();
        assert_eq!(bodies_in(&fixture, "q").await, order);
    }
}

#[tokio::test]
async fn what_a_stage_has_made_is_held_to_the_limits() {
    let shortening = on_post(|_, _, drafts| {
        drafts[0].ttl = Some(1);
        Ok(Verdict::Pass)
    });
    let fixture = Fixture::new().with_pipelines(for_messages([shortening]));
    assert!(matches!(post_to(&fixture, "q").await, Err(Error::Invalid(text)) if text.contains("TTL")));
}

#[tokio::test]
async fn what_a_stage_refuses_goes_no_further_and_changes_nothing() {
    let refusing = on_post(|_, _, _| Ok(Verdict::Refuse(Error::Refused("Not on Sundays.".to_owned()))));
    let unreachable = on_post(|_, _, _| panic!("it goes no further"));
    let fixture = Fixture::new().with_pipelines(for_messages([refusing, unreachable]));
    let refused = post_to(&fixture, "q").await.unwrap_err();
    assert!(matches!(&refused, Error::Refused(text) if text == "Not on Sundays."));
    assert!(!exists(&fixture, DestinationKind::Queue, "q").await);
}

#[tokio::test]
async fn what_a_stage_answers_goes_no_further() {
    let id = MessageId::from_u128(7);
    let answering = on_post(move |_, _, _| Ok(Verdict::Answer(vec![id])));
    let unreachable = on_post(|_, _, _| panic!("it goes no further"));
    let fixture = Fixture::new().with_pipelines(for_messages([answering, unreachable]));
    assert_eq!(post_to(&fixture, "q").await.unwrap(), [id]);
    assert!(!exists(&fixture, DestinationKind::Queue, "q").await);
}

#[tokio::test]
async fn a_stage_that_fails_or_panics_harms_only_its_operation() {
    let failing = on_post(|_, queue, _| match queue.name.as_str() {
        "failing" => Err("the list of words is gone".into()),
        "panicking" => panic!("index out of bounds"),
        _ => Ok(Verdict::Pass),
    });
    let fixture = Fixture::new().with_pipelines(for_messages([failing]));
    for (queue, cause) in [
        ("failing", "the stage test: the list of words is gone"),
        ("panicking", "the stage test: panic: index out of bounds"),
    ] {
        let error = post_to(&fixture, queue).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "A stage of the service's pipeline failed: the server's log says which and why."
        );
        assert!(matches!(error, Error::StageFailed { source } if source.to_string() == cause));
        assert!(!exists(&fixture, DestinationKind::Queue, queue).await);
        post_to(&fixture, "good").await.unwrap();
    }
    assert_eq!(bodies_in(&fixture, "good").await, ["0", "0"]);
}

/// Every new queue is encrypted.
#[derive(Debug)]
struct Encrypted;

#[async_trait]
impl Stage for Encrypted {
    async fn create_queue(
        &self,
        _: &Caller,
        _: &DestinationName,
        metadata: &mut Metadata,
    ) -> StageResult<QueueCreation> {
        metadata.members_mut().insert("_enable_encrypt_messages".to_owned(), json!(true));
        Ok(Verdict::Pass)
    }
}

#[tokio::test]
async fn also_the_message_that_makes_a_queue_gets_what_the_stages_give_it() {
    let fixture = Fixture::new().with_keys([Key::random(&RandomIds)]);
    let fixture = fixture.with_pipelines(for_queues([Arc::new(Encrypted)]));
    post_to(&fixture, "q").await.unwrap();
    assert_eq!(sealed(&fixture, "q").await, [true]);
    assert_eq!(bodies_in(&fixture, "q").await, ["0"]);
}

/// What becomes of new queues, by their names.
#[derive(Debug)]
struct NewQueues;

#[async_trait]
impl Stage for NewQueues {
    async fn create_queue(
        &self,
        _: &Caller,
        queue: &DestinationName,
        metadata: &mut Metadata,
    ) -> StageResult<QueueCreation> {
        let ttl = match queue.name.as_str() {
            "refused" => return Ok(Verdict::Refuse(Error::Forbidden)),
            "answered" => return Ok(Verdict::Answer(QueueCreation::Existed)),
            "odd" => json!("a fortnight"),
            _ => json!(999),
        };
        metadata.members_mut().insert("_default_message_ttl".to_owned(), ttl);
        Ok(Verdict::Pass)
    }

    async fn purge_queue(&self, _: &Caller, _: &DestinationName, scope: &mut PurgeScope) -> StageResult<()> {
        scope.messages = false;
        Ok(Verdict::Pass)
    }
}

#[tokio::test]
async fn a_queue_that_is_made_by_its_first_use_passes_the_same_stages() {
    let fixture = Fixture::new().with_pipelines(for_queues([Arc::new(NewQueues)]));
    let Fixture { zaqar, caller, .. } = &fixture;
    let none = || vec![Draft { ttl: None, ..draft("0") }];
    zaqar.create_queue(caller, &queue_named("made"), metadata_of(json!({}))).await.unwrap();
    for queue in ["made", "posted-to"] {
        fixture.post_drafts(queue, none()).await;
        assert_eq!(fixture.list(queue).await[0].ttl.get(), 999, "{queue}");
    }
    let wish = SubscriptionParams::new(json!({"subscriber": "http://example.org"})).unwrap();
    zaqar.create_subscription(caller, &queue_named("subscribed"), &wish).await.unwrap();
    let metadata = zaqar.get_queue(caller, &queue_named("subscribed")).await.unwrap();
    assert_eq!(metadata.get("_default_message_ttl"), Some(&json!(999)));
}

#[tokio::test]
async fn a_queue_that_a_stage_does_not_want_is_not_made_by_its_first_use() {
    let fixture = Fixture::new().with_pipelines(for_queues([Arc::new(NewQueues)]));
    let Fixture { zaqar, caller, .. } = &fixture;
    let wish = SubscriptionParams::new(json!({"subscriber": "http://example.org"})).unwrap();
    for (name, is_expected) in [
        ("refused", (|error| matches!(error, Error::Forbidden)) as fn(&Error) -> bool),
        ("answered", |error| matches!(error, Error::NotFound(_))),
        ("odd", |error| matches!(error, Error::Invalid(_))),
    ] {
        assert!(is_expected(&post_to(&fixture, name).await.unwrap_err()), "{name}");
        let refused = zaqar.create_subscription(caller, &queue_named(name), &wish).await.unwrap_err();
        assert!(is_expected(&refused), "{name}");
        assert!(!exists(&fixture, DestinationKind::Queue, name).await);
        // Topics have a pipeline of their own.
        fixture.post_to(&topic_named(name), vec![draft("0")]).await;
        assert!(exists(&fixture, DestinationKind::Topic, name).await);
    }
}

#[tokio::test]
async fn any_operation_can_be_changed() {
    let fixture = Fixture::new().with_pipelines(for_queues([Arc::new(NewQueues)]));
    post_to(&fixture, "q").await.unwrap();
    let scope = PurgeScope { messages: true, subscriptions: true };
    fixture.zaqar.purge_queue(&fixture.caller, &queue_named("q"), scope).await.unwrap();
    assert_eq!(bodies_in(&fixture, "q").await, ["0"]);
}
