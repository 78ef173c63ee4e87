//! Stores without subscriptions, or without deliveries.

use zaqar_model::{AttemptFilter, PageRequest, Paused};
use zaqar_storage::{LeaseLimits, SubscriptionChange, SubscriptionShare};

use super::assert_unsupported;
use crate::bench::MessageBench;
use crate::minting::{confirmation, fresh_lease_id, fresh_message_id, fresh_subscription_id};

/// A store that does not declare subscriptions answers `Unsupported` to each of their operations.
pub async fn undeclared_subscriptions_are_unsupported(bench: &MessageBench) {
    let store = bench.store();
    if store.capabilities().subscriptions {
        return;
    }
    let (queue, now) = (bench.queue(), bench.now());
    let (to, id) = (&queue.destination, fresh_subscription_id());
    let page = PageRequest { marker: None, limit: 10 };
    assert_unsupported(&store.subscribe(queue.subscription("mailto:a@example.org"), now).await);
    assert_unsupported(&store.get_subscription(to, id, now).await);
    assert_unsupported(&store.find_subscriber(to, "mailto:a@example.org", now).await);
    assert_unsupported(&store.list_subscriptions(to, &page, now).await);
    assert_unsupported(&store.update_subscription(to, id, SubscriptionChange::default(), now).await);
    assert_unsupported(&store.unsubscribe(to, id).await);
}

/// A store that does not declare deliveries answers `Unsupported` to each of their operations.
pub async fn undeclared_deliveries_are_unsupported(bench: &MessageBench) {
    let store = bench.store();
    if store.capabilities().deliveries {
        return;
    }
    let (queue, now) = (bench.queue(), bench.now());
    let (of, id, message) = (&queue.destination, fresh_subscription_id(), fresh_message_id());
    let limits = LeaseLimits { total: 1, per_subscription: SubscriptionShare::each(1) };
    assert_unsupported(&store.lease(fresh_lease_id(), now.plus_secs(60), limits, now).await);
    assert_unsupported(&store.record(fresh_lease_id(), vec![], now).await);
    assert_unsupported(&store.record_confirmation(of, id, confirmation(now), now).await);
    assert_unsupported(&store.pause(of, id, Paused::All, now).await);
    assert_unsupported(&store.next_due(SubscriptionShare::each(1), now).await);
    assert_unsupported(&store.wait_for_owed().await);
    assert_unsupported(&store.redeliver(of, id, message, now).await);
    assert_unsupported(&store.redeliver_failed(of, id, now, now).await);
    let page = PageRequest { marker: None, limit: 10 };
    assert_unsupported(&store.failed(of, id, &page, now).await);
    let page = PageRequest { marker: None, limit: 10 };
    assert_unsupported(&store.attempts(of, id, &AttemptFilter::default(), &page, now).await);
}
