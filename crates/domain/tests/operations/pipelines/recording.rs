//! Which operations pass which pipeline.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use zaqar_domain::{
    AttemptListing, ClaimParams, Draft, FailureListing, Listed, ListedAttempts, ListedFailures, ListedQueues,
    ListedSubscriptions, MessageListing, NewClaim, Patch, Pipelines, PurgeScope, QueueCreation, QueueListing,
    Removal, Removed, Resend, Rule, ShownClaim, ShownSubscription, Stage, StageResult, StatsReport,
    SubscriptionListing, SubscriptionParams, Verdict,
};
use zaqar_model::{
    Caller, DestinationKind, DestinationName, Message, MessageId, Metadata, QueueName, SubscriptionId,
    Timestamp,
};

use super::pipeline;
use crate::fixture::Fixture;
use crate::policy::{do_it, policy};

/// Lets everything pass and keeps the names of its methods that were called.
#[derive(Debug, Default)]
struct Recording(Mutex<Vec<&'static str>>);

macro_rules! recording {
    ($($method:ident($($given:ty),*) -> $answer:ty;)+) => {
        #[async_trait]
        impl Stage for Recording {
            $(
                async fn $method(&self, _: &Caller, $(_: $given),*) -> StageResult<$answer> {
                    self.0.lock().unwrap().push(stringify!($method));
                    Ok(Verdict::Pass)
                }
            )+
        }
    };
}

recording! {
    create_queue(&DestinationName, &mut Metadata) -> QueueCreation;
    get_queue(&DestinationName) -> Metadata;
    list_queues(DestinationKind, &mut QueueListing) -> ListedQueues;
    update_queue(&DestinationName, &mut Patch) -> Metadata;
    delete_queue(&DestinationName) -> ();
    queue_stats(&DestinationName) -> StatsReport;
    purge_queue(&DestinationName, &mut PurgeScope) -> ();
    post_messages(&DestinationName, &mut Vec<Draft>) -> Vec<MessageId>;
    list_messages(&DestinationName, &mut MessageListing) -> Listed;
    get_message(&DestinationName, &str) -> (Message, Timestamp);
    get_messages(&DestinationName, &mut Vec<String>) -> Listed;
    delete_message(&DestinationName, &str, Option<&str>) -> ();
    remove_messages(&DestinationName, &mut Removal) -> Removed;
    create_claim(&QueueName, &mut ClaimParams, &mut Option<i64>) -> Option<NewClaim>;
    get_claim(&QueueName, &str) -> ShownClaim;
    update_claim(&QueueName, &str, &mut ClaimParams) -> ();
    delete_claim(&QueueName, &str) -> ();
    create_subscription(&DestinationName, &mut SubscriptionParams) -> SubscriptionId;
    get_subscription(&DestinationName, &str) -> ShownSubscription;
    list_subscriptions(&DestinationName, &mut SubscriptionListing) -> ListedSubscriptions;
    update_subscription(&DestinationName, &str, &mut SubscriptionParams) -> ();
    confirm_subscription(&DestinationName, &str, Option<&Value>) -> ();
    delete_subscription(&DestinationName, &str) -> ();
    list_attempts(&DestinationName, &str, &mut AttemptListing) -> ListedAttempts;
    list_failures(&DestinationName, &str, &mut FailureListing) -> ListedFailures;
    resend(&DestinationName, &str, &mut Resend) -> u64;
}

/// A service with the stage in the pipelines that `place` puts it in.
fn recorded(place: impl FnOnce(&mut Pipelines, Arc<Recording>)) -> (Fixture, Arc<Recording>) {
    let (mut pipelines, stage) = (Pipelines::default(), Arc::new(Recording::default()));
    place(&mut pipelines, Arc::clone(&stage));
    (Fixture::new().with_pipelines(pipelines), stage)
}

/// What the stage sees while everything that there is a rule for is done, in the order of the rules.
async fn seen(place: impl FnOnce(&mut Pipelines, Arc<Recording>)) -> Vec<&'static str> {
    let (fixture, stage) = recorded(place);
    for rule in Rule::ALL {
        // Whether it finds what it asks for does not matter here.
        let _ = do_it(&fixture, rule).await;
    }
    stage.0.lock().unwrap().clone()
}

#[tokio::test]
async fn operations_pass_the_pipeline_of_their_noun_and_no_other() {
    let of_queues = [
        "list_queues",
        "create_queue",
        "get_queue",
        "delete_queue",
        "update_queue",
        "queue_stats",
        "purge_queue",
    ];
    let seen_by_queues = seen(|all, stage| all.queues = pipeline([stage])).await;
    // The last one is for the post, which makes the queue that was deleted before.
    assert_eq!(seen_by_queues, [&of_queues[..], &["create_queue"]].concat());
    assert_eq!(seen(|all, stage| all.topics = pipeline([stage])).await, of_queues);
    assert_eq!(
        seen(|all, stage| all.messages = pipeline([stage])).await,
        [
            "list_messages",
            "get_messages",
            "post_messages",
            "get_message",
            "delete_message",
            "remove_messages",
        ]
    );
    assert_eq!(
        seen(|all, stage| all.claims = pipeline([stage])).await,
        ["create_claim", "get_claim", "update_claim", "delete_claim"]
    );
    assert_eq!(
        seen(|all, stage| all.subscriptions = pipeline([stage])).await,
        [
            "list_subscriptions",
            "create_subscription",
            "get_subscription",
            "delete_subscription",
            "update_subscription",
            "confirm_subscription",
            "list_attempts",
            "list_failures",
            "resend",
        ]
    );
}

#[tokio::test]
async fn no_stage_hears_of_what_is_not_permitted() {
    let everywhere = |all: &mut Pipelines, stage: Arc<Recording>| {
        for place in
            [&mut all.queues, &mut all.topics, &mut all.messages, &mut all.claims, &mut all.subscriptions]
        {
            place.add("test", Arc::<Recording>::clone(&stage));
        }
    };
    let (fixture, stage) = recorded(everywhere);
    let nothing = Rule::ALL.map(|rule| (rule.name(), "!"));
    fixture.zaqar.set_policy(policy(&nothing));
    for rule in Rule::ALL {
        assert!(do_it(&fixture, rule).await.is_err());
    }
    assert_eq!(*stage.0.lock().unwrap(), [""; 0]);
}
