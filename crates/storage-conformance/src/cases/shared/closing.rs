//! The end of one server.

use zaqar_storage::StorageError;

use super::two;
use crate::bench::MessageBench;

/// When one server closes its store, the other goes on with all that was acknowledged.
pub async fn the_other_server_goes_on(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    let posted = here.fill(3).await;
    let (claim, held) = here.claim(1).await;
    here.store().close().await.unwrap();
    let refused = here.try_post(crate::samples::messages(1)).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    assert_eq!(there.held_by(claim).await, held);
    assert_eq!(there.all().await, posted);
    there.release(claim).await;
    assert_eq!(there.pop(3).await, posted);
}

/// Both do the maintenance, at the same time too.
pub async fn both_do_the_maintenance(bench: &MessageBench) {
    let (here, there) = two(bench).await;
    here.post(vec![crate::samples::lasting(60); 20]).await;
    let kept = there.fill(2).await;
    bench.advance_secs(60);
    let (one, other) = (here.store(), there.store());
    for _ in 0..3 {
        let (first, second) = tokio::join!(one.expire(bench.now()), other.expire(bench.now()));
        first.and(second).unwrap();
    }
    assert_eq!((here.all().await, there.all().await), (kept.clone(), kept));
}
