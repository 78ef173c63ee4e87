//! Attempts to ask subscribers to confirm.

use zaqar_model::{AttemptEnd, ConfirmationAttempt, ConfirmationKind, SubscriptionId};
use zaqar_storage::{ATTEMPTS_KEPT, SubscriptionChange};

use crate::bench::{MessageBench, TestQueue};
use crate::samples::{confirmation, fresh_subscription_id};

/// A subscription whose subscriber has not confirmed.
pub(in crate::cases) async fn waiting(queue: &TestQueue) -> SubscriptionId {
    let mut subscription = queue.subscription("mailto:a@example.org");
    (subscription.confirmed, subscription.notified) = (false, false);
    let id = subscription.id;
    queue.subscribe_as(subscription).await.unwrap();
    id
}

/// They are told apart from notifications, have the id of their request, and stay when the subscription changes and when
/// the store is opened again.
pub async fn attempts_to_ask_are_on_record_among_the_others(bench: &MessageBench) {
    let queue = bench.queue();
    let id = waiting(&queue).await;
    let asked = ConfirmationAttempt {
        end: AttemptEnd::RetryAt(bench.now().plus_secs(9)),
        ..confirmation(bench.now())
    };
    queue.record_confirmation(id, asked.clone()).await;
    let notify = |notified| SubscriptionChange { notified: Some(notified), ..Default::default() };
    assert!(queue.update_subscription(id, notify(true)).await.unwrap());
    let posted = queue.fill(1).await;
    let (lease, due) = bench.lease(1).await;
    bench.delivered(lease, &due).await;
    assert!(queue.update_subscription(id, notify(false)).await.unwrap());
    let told = ConfirmationAttempt { kind: ConfirmationKind::Unsubscription, ..confirmation(bench.now()) };
    queue.record_confirmation(id, told.clone()).await;
    for _ in 0..2 {
        let attempts = queue.attempts(id).await;
        let shown: Vec<_> = attempts.iter().map(|kept| (kept.message, kept.confirmation, kept.end)).collect();
        let expected = [
            (told.request, Some(told.kind), told.end),
            (posted[0], None, AttemptEnd::Delivered),
            (asked.request, Some(asked.kind), asked.end),
        ];
        assert_eq!(shown, expected);
        assert_eq!(attempts[2].attempt, asked.attempt);
        assert_eq!(queue.attempts_of_message(id, asked.request).await, attempts[2..]);
        bench.reopen().await;
    }
}

/// No more are kept for them.
pub async fn they_count_with_the_others(bench: &MessageBench) {
    let queue = bench.queue();
    let id = waiting(&queue).await;
    let first = confirmation(bench.now());
    queue.record_confirmation(id, first.clone()).await;
    for _ in 0..ATTEMPTS_KEPT {
        queue.record_confirmation(id, confirmation(bench.now())).await;
    }
    let attempts = queue.attempts(id).await;
    assert_eq!(attempts.len(), ATTEMPTS_KEPT);
    assert!(attempts.iter().all(|kept| kept.message != first.request));
}

/// What becomes known too late is passed over.
pub async fn of_a_subscription_that_is_gone_none_is_kept(bench: &MessageBench) {
    let queue = bench.queue();
    let ended = waiting(&queue).await;
    queue.unsubscribe(ended).await;
    let elsewhere = bench.queue().subscribe("mailto:b@example.org").await;
    for id in [ended, elsewhere, fresh_subscription_id()] {
        queue.record_confirmation(id, confirmation(bench.now())).await;
        assert_eq!(queue.attempts(id).await, vec![]);
    }
    queue.drop_it().await;
    queue.record_confirmation(ended, confirmation(bench.now())).await;
    assert_eq!(queue.attempts(ended).await, vec![]);
}
