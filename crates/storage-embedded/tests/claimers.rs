//! Many consumers at once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use support::{NOW, claim_request, client, message, queue};
use zaqar_model::ClaimId;
use zaqar_storage::{Claims, MessageStore, Messages};
use zaqar_storage_conformance::PostMessages;
use zaqar_storage_embedded::{EmbeddedMessageStore, Options};

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_thousand_messages_64_claimers_get_each_exactly_once() {
    const MESSAGES: usize = 100_000;
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedMessageStore::open(directory.path(), Options::default()).unwrap());
    for _ in 0..MESSAGES / 1000 {
        let messages = (0..1000).map(|number| message(&number.to_string())).collect();
        store.post_messages(&queue(1), &client(), messages, NOW).await.unwrap();
    }
    let next_claim = Arc::new(AtomicU64::new(1));
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (store, next_claim) = (Arc::clone(&store), Arc::clone(&next_claim));
        claimers.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let claim = claim_request(u128::from(next_claim.fetch_add(1, Ordering::Relaxed)), 20);
                let claimed = store.claim(&queue(1), &claim, NOW).await.unwrap();
                if claimed.messages.is_empty() {
                    return taken;
                }
                taken.extend(claimed.messages.into_iter().map(|message| (message.id, claim.id)));
            }
        });
    }
    let taken: Vec<_> = claimers.join_all().await.into_iter().flatten().collect();
    let distinct: HashSet<_> = taken.iter().map(|(id, _)| *id).collect();
    assert_eq!((taken.len(), distinct.len()), (MESSAGES, MESSAGES), "none twice, none left behind");
    let stats = store.stats(&queue(1), NOW).await.unwrap();
    assert_eq!((stats.claimed, stats.free), (MESSAGES as u64, 0));
    let claims: HashSet<ClaimId> = taken.iter().map(|(_, claim)| *claim).collect();
    let mut held = 0;
    for claim in claims {
        held += store.get_claim(&queue(1), claim, NOW).await.unwrap().unwrap().messages.len();
    }
    assert_eq!(held, MESSAGES, "each message is in one live claim");
    store.close().await.unwrap();
}
