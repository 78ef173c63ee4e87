//! A store that is open, and one that was closed.

use zaqar_model::{DestinationKind, Metadata, PageRequest};
use zaqar_storage::StorageError;

use crate::bench::ManagementBench;
use crate::samples::{project, queue_name};

/// An open store is alive.
pub async fn an_open_store_is_alive(bench: &ManagementBench) {
    assert!(bench.store().is_alive().await);
}

/// A closed store is not alive, and every call to it answers `Unavailable`.
pub async fn a_closed_store_answers_unavailable(bench: &ManagementBench) {
    let seen = bench.create("fizbit").await;
    let store = bench.store();
    store.close().await.unwrap();
    assert!(!store.is_alive().await);
    let (kind, project, name) = (DestinationKind::Queue, project("p"), queue_name("fizbit"));
    let page = PageRequest { marker: None, limit: 10 };
    let answers = [
        store.create(kind, &project, &name, Metadata::default()).await.err(),
        store.find(kind, &project, &name).await.err(),
        store.set_metadata(&seen, Metadata::default()).await.err(),
        store.delete(kind, &project, &name).await.err(),
        store.list(kind, &project, &page).await.err(),
        store.count(kind, &project).await.err(),
    ];
    for (at, answer) in answers.iter().enumerate() {
        assert!(matches!(answer, Some(StorageError::Unavailable(_))), "call {at}: {answer:?}");
    }
}
