//! Claims of two servers on one queue.

use std::collections::BTreeSet;

use zaqar_storage::Deletion;

use super::two;
use crate::bench::MessageBench;
use crate::samples::{claim_of, terms};

/// Two servers never claim the same message, and leave none behind.
pub async fn two_servers_never_claim_the_same_message(bench: &MessageBench) {
    const MESSAGES: usize = 120;
    let (here, there) = two(bench).await;
    let posted = here.fill(MESSAGES).await;
    let claiming: Vec<_> = [here.clone(), there.clone(), here.clone(), there.clone()]
        .into_iter()
        .map(|queue| {
            tokio::spawn(async move {
                let mut held = Vec::new();
                loop {
                    let (_, batch) = queue.claim(3).await;
                    if batch.is_empty() {
                        return held;
                    }
                    held.extend(batch);
                }
            })
        })
        .collect();
    let mut held = Vec::new();
    for claims in claiming {
        held.extend(claims.await.unwrap());
    }
    // One that saw others at work may have found nothing for itself.
    while let (_, batch) = here.claim(10).await
        && !batch.is_empty()
    {
        held.extend(batch);
    }
    assert_eq!(held.len(), MESSAGES, "none is claimed twice");
    assert_eq!(held.into_iter().collect::<BTreeSet<_>>(), posted.into_iter().collect());
}

/// A claim of one server can be used, renewed and released at the other.
pub async fn a_claim_is_good_at_the_other_server(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let posted = here.fill(3).await;
    let request = claim_of(2);
    here.claim_as(&request).await;
    assert_eq!(there.held_by(request.id).await, posted[..2]);
    assert_eq!(there.listed().await, posted[2..]);
    bench.advance_secs(30);
    assert!(there.renew(request.id, terms(60, 60)).await);
    bench.advance_secs(45);
    assert_eq!(here.held_by(request.id).await, posted[..2]);
    assert_eq!(there.delete(posted[0], Some(request.id)).await, Deletion::Done);
    there.release(request.id).await;
    assert_eq!(here.listed().await, posted[1..]);
}

/// When a claim has expired at one server, the messages are free at the other; either may do the maintenance.
pub async fn an_expired_claim_is_free_everywhere(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let posted = here.fill(2).await;
    here.claim(2).await;
    bench.advance_secs(60);
    for queue in [&here, &there] {
        queue.store().expire(bench.now()).await.unwrap();
    }
    assert_eq!(there.claim(2).await.1, posted);
    assert_eq!(here.claim(2).await.1, []);
}

/// Two servers that move the same dead letters at the same time neither lose nor double any.
pub async fn two_servers_move_dead_letters_once(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let posted = here.fill(6).await;
    here.exhaust(5, 1).await;
    let (letters, same) = (here.dead_letters().await, there.dead_letters().await);
    assert_eq!(letters, same);
    let to = bench.queue();
    let other = to.through(there.store());
    tokio::join!(here.move_dead_letters(&to, letters), there.move_dead_letters(&other, same));
    assert_eq!(to.all().await, posted[..5]);
    assert_eq!(there.dead_letters().await, []);
}
