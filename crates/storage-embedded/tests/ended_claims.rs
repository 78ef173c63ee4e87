//! Messages that claims have let go: what was looked at is not found again, and finding looks at nothing else.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use support::{NOW, claim_request, first_page, open, post, queue};
use zaqar_storage::{Claims, DeadLetterPolicy, DeadLetters};

#[tokio::test]
async fn what_was_looked_at_is_found_again_only_after_another_claim() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let policy = Some(DeadLetterPolicy { max_claim_count: 3 });
    let posted = post(&store, &queue(1), [0]).await;
    for id in 1..=3 {
        let request = claim_request(id, 1);
        store.claim(&queue(1), &request, NOW).await.unwrap();
        assert_eq!(store.with_ended_claims(100, NOW).await.unwrap(), []);
        store.release(&queue(1), request.id, NOW).await.unwrap();
        assert_eq!(store.with_ended_claims(100, NOW).await.unwrap(), [queue(1)]);
        let aside = store.set_aside(&queue(1), policy, NOW).await.unwrap();
        assert_eq!(aside, if id < 3 { vec![] } else { posted.clone() });
        assert_eq!(store.with_ended_claims(100, NOW).await.unwrap(), []);
    }
    assert_eq!(store.with_dead_letters(&first_page()).await.unwrap().items, [queue(1)]);
    store.discard_dead_letters(&queue(1), &posted).await.unwrap();
    assert_eq!(store.with_dead_letters(&first_page()).await.unwrap().items, []);
}
