//! Queues that go to another store, seen by two servers.

use zaqar_storage::{ImportStep, StorageError};

use super::two;
use crate::bench::MessageBench;
use crate::samples::messages;

/// What one server seals is refused at the other, from the moment when the seal is acknowledged; there, too, it is open again
/// when it has come back.
pub async fn a_seal_holds_at_the_other_server(bench: &MessageBench) {
    if bench.store().migration().is_none() {
        return;
    }
    let (here, there) = two(bench).await;
    let posted = here.fill(2).await;
    let mut mover = here.begin_export().await;
    let mut items = mover.rest().await;
    let later = there.fill(2).await;
    mover.seal().await;
    items.extend(mover.rest().await);
    let refused = there.try_post(messages(1)).await;
    assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
    mover.leave().await;
    let refused = there.try_post(messages(1)).await;
    assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
    let arriving = there.mover();
    arriving.import(ImportStep::Begin, &items).await;
    arriving.import(ImportStep::End, &[]).await;
    let refused = here.try_post(messages(1)).await;
    assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
    arriving.open().await;
    assert_eq!(here.all().await, [posted, later].concat());
}

/// What the other server changes behind the export comes again, and a mover that another server has overtaken is refused.
pub async fn another_server_takes_a_move_over(bench: &MessageBench) {
    if bench.store().migration().is_none() {
        return;
    }
    let (here, there) = two(bench).await;
    let posted = here.fill(2).await;
    let mut early = here.begin_export().await;
    early.rest().await;
    early.seal().await;
    let mut late = there.begin_export().await;
    assert_eq!(here.all().await, posted, "the seal is off");
    let refused = early.try_export(10).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    late.rest().await;
    here.delete(posted[0], None).await;
    assert_eq!(late.rest().await.len(), 1);
}

/// What a server has acknowledged when another one seals the queue goes along; what it has not is refused.
pub async fn a_seal_waits_for_calls_under_way(bench: &MessageBench) {
    if bench.store().migration().is_none() {
        return;
    }
    let (here, there) = two(bench).await;
    let posting = tokio::spawn({
        let there = there.clone();
        async move {
            let mut posted = Vec::new();
            loop {
                match there.try_post(messages(1)).await {
                    Ok(ids) => posted.extend(ids),
                    Err(StorageError::Moved) => return posted,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    });
    let mut mover = here.begin_export().await;
    let mut items = Vec::new();
    while items.len() < 20 {
        let page = mover.export(10_000).await;
        items.extend(mover.receive(page));
    }
    mover.seal().await;
    items.extend(mover.rest().await);
    let posted = posting.await.unwrap();
    assert_eq!(mover.rest().await, vec![]);
    mover.leave().await;
    here.mover().arrive(&items).await;
    assert_eq!(there.all().await, posted);
}
