//! Four pools of embedded stores are held to the contract of one store.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use parking_lot::Mutex;
use support::Site;
use zaqar_storage::{ManagementStore, MessageStore};
use zaqar_storage_conformance::{MessageFixture, agreement};

/// A site with four pools. The management store stays open while the pools are closed and opened again.
struct FourPools {
    site: Site,
    management: Mutex<Option<Arc<dyn ManagementStore>>>,
}

fn four_pools() -> FourPools {
    FourPools { site: Site::new(), management: Mutex::default() }
}

#[async_trait::async_trait]
impl MessageFixture for FourPools {
    async fn open(&self) -> Arc<dyn MessageStore> {
        let opened = self.management.lock().clone();
        let management = match opened {
            Some(management) => management,
            None => {
                let management = self.site.management();
                for name in ["one", "two", "three", "four"] {
                    management.put_pool(self.site.pool(name, None)).await.unwrap();
                }
                *self.management.lock() = Some(Arc::clone(&management));
                management
            }
        };
        Arc::new(self.site.open(&management))
    }
}

/// The same, but the store is never closed.
struct BrokenOff(FourPools);

fn broken_off() -> BrokenOff {
    BrokenOff(four_pools())
}

#[async_trait::async_trait]
impl MessageFixture for BrokenOff {
    async fn open(&self) -> Arc<dyn MessageStore> {
        self.0.open().await
    }

    async fn reopen(&self, store: Arc<dyn MessageStore>) -> Arc<dyn MessageStore> {
        drop(store);
        self.open().await
    }
}

zaqar_storage_conformance::message_store!(pooled, four_pools);
zaqar_storage_conformance::message_store!(pooled_and_broken_off, broken_off);

#[test]
fn it_agrees_with_the_model() {
    agreement::check(four_pools, agreement::Config::default());
}

#[test]
fn it_stands_a_crowd() {
    agreement::check_concurrently(four_pools, agreement::Crowd::default());
}
