//! That every operation asks for its rule, and what a policy makes of a caller.

use serde_json::json;
use zaqar_domain::{
    AttemptListing, ClaimParams, Error, FailureListing, FlavorListing, MessageListing, Patch, Policy,
    PoolChange, PoolListing, PurgeScope, QueueListing, Removal, Resend, Result, Rule, RuleText,
    SubscriptionListing, SubscriptionParams,
};
use zaqar_model::{DestinationKind, DestinationName, Metadata};

use crate::fixture::{Fixture, draft, name, queue_named, topic_named};
use crate::pools::definition;

pub(crate) fn policy(rules: &[(&str, &str)]) -> Policy {
    let given =
        rules.iter().map(|(name, text)| ((*name).to_owned(), RuleText::Expression((*text).to_owned())));
    Policy::new(&given.collect::<Vec<_>>(), "default").unwrap()
}

const ID: &str = "0123456789abcdef01234567";

/// Does what the rule stands for.
pub(crate) async fn do_it(fixture: &Fixture, rule: Rule) -> Result<()> {
    let Fixture { zaqar, caller, .. } = fixture;
    let on_topic = rule.name().starts_with("topics:");
    let kind = if on_topic { DestinationKind::Topic } else { DestinationKind::Queue };
    let to: &DestinationName = &if on_topic { topic_named("t") } else { queue_named("q") };
    let (queue, claim) = (&name("q"), ClaimParams { ttl: Some(60), grace: Some(60) });
    let wish = || SubscriptionParams::new(json!({ "subscriber": "http://example.org", "ttl": 300 })).unwrap();
    match rule {
        Rule::QueuesGetAll | Rule::TopicsGetAll => {
            zaqar.list_queues(caller, kind, &QueueListing::default()).await.map(drop)
        }
        Rule::QueuesCreate | Rule::TopicsCreate => {
            zaqar.create_queue(caller, to, Metadata::default()).await.map(drop)
        }
        Rule::QueuesGet | Rule::TopicsGet => zaqar.get_queue(caller, to).await.map(drop),
        Rule::QueuesDelete | Rule::TopicsDelete => zaqar.delete_queue(caller, to).await.map(drop),
        Rule::QueuesUpdate | Rule::TopicsUpdate => {
            zaqar.update_queue(caller, to, &Patch::new(Vec::new()).unwrap()).await.map(drop)
        }
        Rule::QueuesStats | Rule::TopicsStats => zaqar.queue_stats(caller, to).await.map(drop),
        Rule::QueuesPurge | Rule::TopicsPurge => {
            let scope = PurgeScope { messages: true, subscriptions: true };
            zaqar.purge_queue(caller, to, scope).await.map(drop)
        }
        Rule::QueuesShare => zaqar.begin_sharing(caller).map(drop),
        Rule::MessagesGetAll => {
            let listing = MessageListing { limit: Some(1), ..MessageListing::default() };
            let listed = zaqar.list_messages(caller, to, &listing).await.map(drop);
            let read = zaqar.get_messages(caller, to, &[ID.to_owned()]).await.map(drop);
            assert_eq!(is_forbidden(&listed), is_forbidden(&read));
            listed
        }
        Rule::MessagesCreate => {
            let posting = zaqar.begin_post(caller, to).await?;
            posting.post(vec![draft("1")]).await.map(drop)
        }
        Rule::MessagesGet => zaqar.get_message(caller, to, ID).await.map(drop),
        Rule::MessagesDelete => zaqar.delete_message(caller, to, ID, None).await.map(drop),
        Rule::MessagesDeleteAll => {
            let removal = Removal { ids: None, pop: Some(1), claim_ids: None };
            zaqar.remove_messages(caller, to, &removal).await.map(drop)
        }
        Rule::ClaimsCreate => zaqar.create_claim(caller, queue, claim, None).await.map(drop),
        Rule::ClaimsGet => zaqar.get_claim(caller, queue, ID).await.map(drop),
        Rule::ClaimsUpdate => zaqar.update_claim(caller, queue, ID, claim).await.map(drop),
        Rule::ClaimsDelete => zaqar.delete_claim(caller, queue, ID).await.map(drop),
        Rule::SubscriptionGetAll => {
            zaqar.list_subscriptions(caller, to, &SubscriptionListing::default()).await.map(drop)
        }
        Rule::SubscriptionCreate => zaqar.create_subscription(caller, to, &wish()).await.map(drop),
        Rule::SubscriptionGet => zaqar.get_subscription(caller, to, ID).await.map(drop),
        Rule::SubscriptionDelete => zaqar.delete_subscription(caller, to, ID).await.map(drop),
        Rule::SubscriptionUpdate => zaqar.update_subscription(caller, to, ID, &wish()).await.map(drop),
        Rule::SubscriptionConfirm => {
            zaqar.confirm_subscription(caller, to, ID, Some(&json!(true))).await.map(drop)
        }
        Rule::SubscriptionAttempts => {
            zaqar.list_attempts(caller, to, ID, &AttemptListing::default()).await.map(drop)
        }
        Rule::SubscriptionFailures => {
            zaqar.list_failures(caller, to, ID, &FailureListing::default()).await.map(drop)
        }
        Rule::SubscriptionResend => {
            zaqar.resend(caller, to, ID, &Resend::Message(ID.to_owned())).await.map(drop)
        }
        Rule::PingGet => zaqar.ping(caller).await.map(drop),
        Rule::HealthGet => zaqar.health(caller, false).await.map(drop),
        Rule::PoolsGetAll => zaqar.list_pools(caller, &PoolListing::default()).await.map(drop),
        Rule::PoolsCreate => zaqar.create_pool(caller, "a", definition("model://a")).await,
        Rule::PoolsGet => zaqar.get_pool(caller, "a").await.map(drop),
        Rule::PoolsUpdate => zaqar.update_pool(caller, "a", PoolChange::default()).await.map(drop),
        Rule::PoolsDelete => zaqar.delete_pool(caller, "a").await,
        Rule::FlavorsGetAll => zaqar.list_flavors(caller, &FlavorListing::default()).await.map(drop),
        Rule::FlavorsCreate => zaqar.create_flavor(caller, "f", vec!["a".to_owned()]).await,
        Rule::FlavorsGet => zaqar.get_flavor(caller, "f").await.map(drop),
        Rule::FlavorsUpdate => zaqar.update_flavor(caller, "f", vec!["a".to_owned()]).await.map(drop),
        Rule::FlavorsDelete => zaqar.delete_flavor(caller, "f").await,
    }
}

const fn is_forbidden<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Forbidden))
}

#[tokio::test]
async fn every_operation_is_refused_by_its_rule_and_by_no_other() {
    for rule in Rule::ALL {
        let fixture = Fixture::new();
        assert!(!is_forbidden(&do_it(&fixture, rule).await), "{rule:?} is open to an administrator");
        fixture.zaqar.set_policy(policy(&[(rule.name(), "!")]));
        for other in Rule::ALL {
            let refused = is_forbidden(&do_it(&fixture, other).await);
            assert_eq!(refused, other == rule, "{rule:?} forbidden, {other:?} tried");
        }
    }
}

#[tokio::test]
async fn a_policy_counts_from_the_moment_it_is_set() {
    let fixture = Fixture::new();
    for (text, allowed) in
        [("role:admin", true), ("role:nobody", false), ("", true), ("project_id:other", false)]
    {
        fixture.zaqar.set_policy(policy(&[("queues:create", text)]));
        assert_eq!(do_it(&fixture, Rule::QueuesCreate).await.is_ok(), allowed, "{text}");
    }
    fixture.zaqar.set_policy(Policy::default());
    assert!(do_it(&fixture, Rule::QueuesCreate).await.is_ok());
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let fixture = Fixture::new();
    fixture.zaqar.set_policy(policy(&[
        ("messages:create", "!"),
        ("subscription:create", "!"),
        ("queues:create", "!"),
    ]));
    for rule in [Rule::MessagesCreate, Rule::SubscriptionCreate, Rule::QueuesCreate] {
        assert!(is_forbidden(&do_it(&fixture, rule).await));
    }
    let listing = QueueListing::default();
    let listed = fixture.zaqar.list_queues(&fixture.caller, DestinationKind::Queue, &listing).await.unwrap();
    assert!(listed.queues.is_empty());
}
