//! Queues made, changed and deleted.

use std::sync::Arc;

use zaqar_model::{DestinationKind, Metadata, Queue};
use zaqar_storage::{Created, ManagementStore, StorageError};

use crate::bench::ManagementBench;
use crate::samples::{json_object, project, queue_name};

async fn find(store: &Arc<dyn ManagementStore>) -> Option<Arc<Queue>> {
    store.find(DestinationKind::Queue, &project("p"), &queue_name("fizbit")).await.unwrap()
}

/// A queue that was made on one server is found on the other, also if it was looked for there before.
pub async fn a_queue_made_on_one_server_is_found_on_the_other(bench: &ManagementBench) {
    let other = bench.open_another().await;
    assert_eq!(find(&other).await, None);
    let queue = bench.create("fizbit").await;
    assert_eq!(find(&other).await, Some(queue));
    assert_eq!(other.count(DestinationKind::Queue, &project("p")).await.unwrap(), 1);
}

/// Of two servers that make a queue at the same time, one makes it, and both get the same.
pub async fn of_two_servers_that_make_a_queue_one_makes_it(bench: &ManagementBench) {
    let stores = [bench.store(), bench.open_another().await];
    for at in 0..20 {
        let name = queue_name(&format!("q{at}"));
        let create = async |at: usize| {
            let metadata = Metadata::default();
            stores[at].create(DestinationKind::Queue, &project("p"), &name, metadata).await.unwrap()
        };
        let (one, other) = tokio::join!(create(0), create(1));
        assert_ne!(matches!(one, Created::New(_)), matches!(other, Created::New(_)));
        assert_eq!(one.into_queue(), other.into_queue());
    }
}

/// Of two servers that change metadata from the same revision, one changes it, and the other gets a `Conflict`.
pub async fn of_two_servers_that_change_metadata_one_is_told(bench: &ManagementBench) {
    let (one, other) = (bench.store(), bench.open_another().await);
    let seen = bench.create("fizbit").await;
    let changed = one.set_metadata(&seen, json_object(r#"{"a": 1}"#)).await.unwrap();
    let refused = other.set_metadata(&seen, json_object(r#"{"a": 2}"#)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    let changed_again = other.set_metadata(&changed, json_object(r#"{"a": 2}"#)).await.unwrap();
    assert_eq!(find(&other).await, Some(Arc::clone(&changed_again)));
    let refused = one.set_metadata(&changed, json_object(r#"{"a": 3}"#)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(find(&one).await, Some(changed_again));
}

/// A queue that was deleted on one server is gone on the other.
pub async fn a_queue_deleted_on_one_server_is_gone_on_the_other(bench: &ManagementBench) {
    let other = bench.open_another().await;
    let queue = bench.create("fizbit").await;
    let deleted = other.delete(DestinationKind::Queue, &project("p"), &queue_name("fizbit")).await.unwrap();
    assert_eq!(deleted, Some(queue));
    assert_eq!(bench.find("fizbit").await, None);
    assert_eq!(bench.delete("fizbit").await, None);
}
