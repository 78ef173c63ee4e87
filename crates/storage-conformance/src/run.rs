//! Runs one case against one fresh store.

#![allow(clippy::needless_pass_by_value, reason = "a case is named where it is run")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zaqar_storage::{ManagementStore, MessageStore};

use crate::{ManagementBench, ManagementFixture, MessageBench, MessageFixture};

/// Makes the place of a store.
pub(crate) type MakeFixture<'a> = Box<dyn FnOnce() -> Box<dyn MessageFixture> + 'a>;
pub(crate) type MakeManagementFixture<'a> = Box<dyn FnOnce() -> Box<dyn ManagementFixture> + 'a>;

/// Runs a case on a message store, if the store declares what the case is about.
pub(crate) fn message_case(
    case: impl AsyncFn(&MessageBench),
    needs: impl AsyncFn(&dyn MessageStore) -> bool,
    fixture: MakeFixture<'_>,
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
    fixture: MakeManagementFixture<'_>,
) {
    runtime().block_on(Box::pin(async {
        let bench = ManagementBench::new(fixture()).await;
        if needs(&*bench.store()).await {
            case(&bench).await;
        }
    }));
}

/// Runs many cases one after the other, and says at the end which of them have failed.
pub(crate) struct Together<'a> {
    leaves_out: &'a dyn Fn(&str) -> bool,
    failed: RefCell<Vec<&'static str>>,
}

impl<'a> Together<'a> {
    pub(crate) fn new(leaves_out: &'a dyn Fn(&str) -> bool) -> Self {
        Self { leaves_out, failed: RefCell::default() }
    }

    pub(crate) fn run(&self, name: &'static str, case: impl FnOnce()) {
        if !(self.leaves_out)(name) && catch_unwind(AssertUnwindSafe(case)).is_err() {
            self.failed.borrow_mut().push(name);
        }
    }

    pub(crate) fn end(self) {
        let failed = self.failed.into_inner();
        assert!(failed.is_empty(), "{} cases have failed: {failed:#?}", failed.len());
    }
}

/// Two threads, so that concurrent callers do meet.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
