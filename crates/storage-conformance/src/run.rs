//! Runs one case against one fresh store.

#![allow(clippy::needless_pass_by_value, reason = "a case is named where it is run")]

use zaqar_storage::{ManagementStore, MessageStore};

use crate::{ManagementBench, ManagementFixture, MessageBench, MessageFixture};

/// Makes the place of a store.
pub(crate) type MakeFixture = Box<dyn FnOnce() -> Box<dyn MessageFixture>>;
pub(crate) type MakeManagementFixture = Box<dyn FnOnce() -> Box<dyn ManagementFixture>>;

/// Runs a case on a message store, if the store declares what the case is about.
pub(crate) fn message_case(
    case: impl AsyncFn(&MessageBench),
    needs: impl AsyncFn(&dyn MessageStore) -> bool,
    fixture: MakeFixture,
) {
    runtime().block_on(Box::pin(async {
        let bench = MessageBench::new(fixture()).await;
        if needs(&*bench.store()).await {
            case(&bench).await;
        }
    }));
}

/// Runs a case on a management store, if the store supports what the case is about.
pub(crate) fn management_case(
    case: impl AsyncFn(&ManagementBench),
    needs: impl AsyncFn(&dyn ManagementStore) -> bool,
    fixture: MakeManagementFixture,
) {
    runtime().block_on(Box::pin(async {
        let bench = ManagementBench::new(fixture()).await;
        if needs(&*bench.store()).await {
            case(&bench).await;
        }
    }));
}

/// Two threads, so that concurrent callers do meet.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
