//! The management store is held to the contract on a real server, alone and beside the message store.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::Arc;

use support::fresh_place;
use zaqar_model::RandomIds;
use zaqar_storage::{ManagementStore, MessageStore};
use zaqar_storage_postgres::{Databases, PostgresManagementStore, PostgresMessageStore, schema};

zaqar_storage_conformance::management_store!(on_a_server, fresh_place);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_stores_share_the_connections_of_one_database() {
    let place = fresh_place();
    let options = place.options();
    schema::upgrade(&options).await.unwrap();
    let databases = Databases::default();
    let (one, other) = (databases.open(&options).await.unwrap(), databases.open(&options).await.unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let messages = PostgresMessageStore::on(one);
    let management = PostgresManagementStore::on(other, Arc::new(RandomIds));
    assert!(messages.is_alive().await && management.is_alive().await);
    messages.close().await.unwrap();
    assert!(!messages.is_alive().await && management.is_alive().await);
    management.close().await.unwrap();
    assert!(!management.is_alive().await);
    // It is opened again when it is needed again.
    let again = PostgresManagementStore::on(databases.open(&options).await.unwrap(), Arc::new(RandomIds));
    assert!(again.is_alive().await);
    again.close().await.unwrap();
}
