//! A mover that was overtaken does no harm.

use zaqar_storage::{ImportStep, StorageError, StorageResult};

use crate::bench::MessageBench;

#[allow(clippy::needless_pass_by_value, reason = "the calls read better so")]
fn assert_refused<T: std::fmt::Debug>(result: StorageResult<T>) {
    assert!(matches!(result, Err(StorageError::Conflict(_))), "{result:?}");
}

/// A later export ends an earlier one, and takes its seal off; the earlier mover is refused from then on.
pub async fn a_later_export_ends_an_earlier(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let mut early = queue.begin_export().await;
    early.rest().await;
    early.seal().await;
    let mut late = queue.begin_export().await;
    assert_eq!(queue.all().await, posted, "the seal is off");
    assert_refused(early.try_export(10).await);
    assert_refused(early.try_seal().await);
    assert_refused(early.try_leave().await);
    assert_refused(early.try_begin_export().await);
    early.abandon().await;
    late.rest().await;
    late.seal().await;
    early.abandon().await;
    let refused = queue.try_post(crate::samples::messages(1)).await;
    assert!(matches!(refused, Err(StorageError::Moved)), "the seal is not the earlier mover's: {refused:?}");
}

/// A mover that has left a queue to another store cannot be followed by an earlier one that begins late.
pub async fn what_has_left_is_not_exported(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(2).await;
    let mut early = queue.mover();
    let mut late = queue.begin_export().await;
    late.rest().await;
    late.seal().await;
    assert_refused(early.try_begin_export().await);
    late.leave().await;
    assert_refused(early.try_begin_export().await);
    let refused = late.try_begin_export().await;
    assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
    let refused = queue.mover().try_begin_export().await;
    assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
}

/// A later import drops what an earlier one has brought, whose mover is refused from then on.
pub async fn a_later_import_ends_an_earlier(bench: &MessageBench) {
    let (from, queue) = (bench.queue(), bench.queue());
    from.fill(3).await;
    let items = from.leave().await;
    let (early, late) = (queue.mover(), queue.mover());
    early.import(ImportStep::Begin, &items).await;
    late.import(ImportStep::Begin, &items[1..]).await;
    for step in [ImportStep::Begin, ImportStep::More, ImportStep::End] {
        assert_refused(early.try_import(step, &items).await);
    }
    assert_refused(early.try_open().await);
    assert_refused(late.try_open().await);
    late.import(ImportStep::End, &[]).await;
    assert_refused(early.try_open().await);
    late.open().await;
    assert_eq!(queue.all().await.len(), 2);
}

/// A queue that is in use is not dropped by a mover that comes too late.
pub async fn an_open_queue_is_left_alone(bench: &MessageBench) {
    let (from, queue) = (bench.queue(), bench.queue());
    let posted = from.fill(2).await;
    let items = from.leave().await;
    let early = queue.mover();
    queue.mover().arrive(&items).await;
    for step in [ImportStep::Begin, ImportStep::More, ImportStep::End] {
        assert_refused(early.try_import(step, &items).await);
    }
    assert_refused(early.try_leave().await);
    assert_refused(early.try_open().await);
    assert_eq!(queue.all().await, posted);
}

/// Nobody brings more than the one who has begun.
pub async fn only_who_has_begun_brings_more(bench: &MessageBench) {
    let queue = bench.queue();
    let (early, late) = (queue.mover(), queue.mover());
    for step in [ImportStep::More, ImportStep::End] {
        assert_refused(early.try_import(step, &[]).await);
    }
    early.import(ImportStep::Begin, &[]).await;
    for step in [ImportStep::More, ImportStep::End] {
        assert_refused(late.try_import(step, &[]).await);
    }
}

/// A mover that has imported a queue may die before it opens it: the next one does.
pub async fn a_later_mover_opens_what_has_arrived(bench: &MessageBench) {
    let (from, queue) = (bench.queue(), bench.queue());
    let posted = from.fill(2).await;
    let items = from.leave().await;
    let early = queue.mover();
    early.import(ImportStep::Begin, &items).await;
    early.import(ImportStep::End, &[]).await;
    queue.mover().open().await;
    assert_eq!(queue.all().await, posted);
    assert_refused(early.try_open().await);
}

/// What an attempt has left behind is let go: a part that has arrived, and what lies there from before.
pub async fn leavings_are_let_go(bench: &MessageBench) {
    let (from, queue) = (bench.queue(), bench.queue());
    from.fill(3).await;
    let items = from.leave().await;
    queue.mover().import(ImportStep::Begin, &items).await;
    let late = queue.mover();
    for _ in 0..2 {
        late.leave().await;
    }
    let refused = queue.try_post(crate::samples::messages(1)).await;
    assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
    let old = bench.queue();
    old.fill(2).await;
    old.mover().leave().await;
    let refused = old.try_post(crate::samples::messages(1)).await;
    assert!(matches!(refused, Err(StorageError::Moved)), "{refused:?}");
}
