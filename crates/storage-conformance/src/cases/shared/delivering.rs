//! Engines of two servers that share the deliveries.

use std::collections::BTreeSet;

use zaqar_model::DeliveryOutcome;
use zaqar_storage::{Due, SubscriptionShare};

use super::two;
use crate::LeaseDue;
use crate::bench::{MessageBench, deliveries_of};
use crate::samples::attempt;

/// What is subscribed at one server and posted at the other is leased by either, once.
pub async fn two_engines_never_lease_the_same_delivery(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    for number in 0..3 {
        here.subscribe(&format!("mailto:{number}@example.org")).await;
    }
    there.fill(20).await;
    let leasing: Vec<_> = [here.store(), there.store(), here.store(), there.store()]
        .into_iter()
        .map(|store| {
            let now = bench.now();
            tokio::spawn(async move {
                let (mut taken, deliveries) = (Vec::new(), deliveries_of(&*store));
                let share = SubscriptionShare::each(100);
                while let Due::Now(_) = deliveries.due(share, 10, now).await.unwrap() {
                    let request = deliveries.lease_request(6, share, now).await.unwrap();
                    let due = deliveries.lease(&request, now).await.unwrap().deliveries;
                    taken.extend(due.iter().map(|own| (own.subscription.id, own.position)));
                }
                taken
            })
        })
        .collect();
    let mut taken = Vec::new();
    for lease in leasing {
        taken.extend(lease.await.unwrap());
    }
    assert_eq!(taken.len(), 60, "each is taken, once");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>().len(), 60);
}

/// What one engine has leased when its server ends is due at the other when the lease ends.
pub async fn another_engine_takes_over_when_a_lease_ends(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    here.subscribe("mailto:a@example.org").await;
    let posted = here.fill(2).await;
    let (ended, other) = (here.store(), there.store());
    let (_, lost) = deliveries_of(&*ended).lease_due(10, bench.now()).await.unwrap();
    assert_eq!(lost.len(), 2);
    let (_, nothing) = deliveries_of(&*other).lease_due(10, bench.now()).await.unwrap();
    assert_eq!(nothing, vec![]);
    bench.advance_secs(60);
    let (_, again) = deliveries_of(&*other).lease_due(10, bench.now()).await.unwrap();
    assert_eq!(again.iter().map(|own| own.message.message.id).collect::<Vec<_>>(), posted);
}

/// An outcome that one engine records, the other knows: what is to be tried again is due at both.
pub async fn an_outcome_is_known_to_the_other_engine(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let id = here.subscribe("mailto:a@example.org").await;
    there.fill(1).await;
    let (one, other) = (here.store(), there.store());
    let (lease, due) = deliveries_of(&*one).lease_due(10, bench.now()).await.unwrap();
    let again = bench.now().plus_secs(10);
    let outcome = DeliveryOutcome::RetryAt(again, attempt(bench.now(), Some(503)));
    let reports: Vec<_> = due.iter().map(|own| own.report(outcome.clone())).collect();
    // Whichever of them records it.
    deliveries_of(&*other).record(lease, &reports, bench.now()).await.unwrap();
    assert_eq!(here.attempts(id).await, there.attempts(id).await);
    bench.advance_secs(10);
    let (_, due) = deliveries_of(&*other).lease_due(10, bench.now()).await.unwrap();
    assert_eq!(due.iter().map(|own| own.attempts).collect::<Vec<_>>(), [1]);
}

/// A pause, a suspension and the end of a subscription hold at both.
pub async fn a_pause_and_an_end_hold_at_both(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let (paused, ended) =
        (here.subscribe("mailto:a@example.org").await, here.subscribe("mailto:b@example.org").await);
    here.fill(1).await;
    here.pause(paused, bench.now().plus_secs(30)).await;
    here.unsubscribe(ended).await;
    let other = there.store();
    let (_, nothing) = deliveries_of(&*other).lease_due(10, bench.now()).await.unwrap();
    assert_eq!(nothing, vec![]);
    bench.advance_secs(30);
    let (_, due) = deliveries_of(&*other).lease_due(10, bench.now()).await.unwrap();
    assert_eq!(due.iter().map(|own| own.subscription.id).collect::<Vec<_>>(), [paused]);
}

/// Who waits for work at one server is woken by a post through the other.
pub async fn a_post_wakes_the_engine_of_the_other_server(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    here.subscribe("mailto:a@example.org").await;
    let (store, now) = (there.store(), bench.now());
    let waiting = async {
        let (deliveries, share) = (deliveries_of(&*store), SubscriptionShare::each(10));
        while !matches!(deliveries.due(share, 1, now).await.unwrap(), Due::Now(_)) {
            deliveries.wait_for_due().await.unwrap();
        }
    };
    tokio::join!(waiting, here.fill(1));
}
