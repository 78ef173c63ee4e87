//! The plain store passes the suite that it is the oracle of.

use std::sync::Arc;

use zaqar_storage::{CachedDestinations, ManagementStore, MessageStore};
use zaqar_storage_conformance::{ManagementFixture, MessageFixture, ReferenceStore, agreement};

/// Keeps the data from one opening to the next.
#[derive(Default)]
struct InMemory(ReferenceStore);

#[async_trait::async_trait]
impl MessageFixture for InMemory {
    async fn open(&self) -> Arc<dyn MessageStore> {
        Arc::new(self.0.reopen())
    }
}

#[async_trait::async_trait]
impl ManagementFixture for InMemory {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        Arc::new(self.0.reopen())
    }
}

/// Behind the cache, on each of two servers.
#[derive(Default)]
struct Cached(InMemory);

#[async_trait::async_trait]
impl ManagementFixture for Cached {
    async fn open(&self) -> Arc<dyn ManagementStore> {
        Arc::new(CachedDestinations::over(ManagementFixture::open(&self.0).await))
    }
}

zaqar_storage_conformance::message_store!(messages_of_the_model, InMemory::default);
zaqar_storage_conformance::management_store!(management_of_the_model, InMemory::default);
zaqar_storage_conformance::management_store!(management_behind_the_cache, Cached::default);

#[test]
fn the_model_agrees_with_itself() {
    agreement::check(InMemory::default, agreement::Config::default());
}

#[test]
fn the_model_owes_what_it_owes() {
    agreement::check_deliveries(InMemory::default, agreement::Config::default());
}

#[test]
fn the_model_stands_a_crowd() {
    agreement::check_concurrently(InMemory::default, agreement::Load::default());
}
