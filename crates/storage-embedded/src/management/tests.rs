//! What holds for this store beyond the contract: its file, its failures, its group commit.

mod failing_file;
mod full_disk;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{Database, TableDefinition};
use serde_json::{Value, json};
use zaqar_model::{
    DestinationKind, Flavor, FlavorName, IdSource, Metadata, PageRequest, Pool, PoolName, PoolWeight,
    ProjectId, QueueName, RandomIds,
};
use zaqar_storage::{Catalogue, Created, Destinations, Flavors, ManagementStore, Pools, StorageError};

use self::failing_file::FailingFile;
use super::{EmbeddedManagementStore, FILE_NAME, OpenError};
use crate::{EmbeddedMessageStore, Options};

const QUEUE: DestinationKind = DestinationKind::Queue;
const TOPIC: DestinationKind = DestinationKind::Topic;

fn open(directory: &Path) -> EmbeddedManagementStore {
    EmbeddedManagementStore::open(directory, Arc::new(RandomIds)).unwrap()
}

fn open_error(directory: &Path) -> OpenError {
    EmbeddedManagementStore::open(directory, Arc::new(RandomIds)).unwrap_err()
}

fn metadata(value: Value) -> Metadata {
    let Value::Object(members) = value else { panic!("not an object: {value}") };
    Metadata::new(members)
}

fn project() -> ProjectId {
    ProjectId::new("480924").unwrap()
}

fn queue(name: &str) -> QueueName {
    QueueName::new(name).unwrap()
}

fn pool(name: &str, flavor: Option<&FlavorName>) -> Pool {
    Pool {
        name: PoolName::new(name).unwrap(),
        uri: format!("redis://user:secret@{name}"),
        weight: PoolWeight(7),
        flavor: flavor.cloned(),
        options: metadata(json!({"max_retry_sleep": 0.1})),
    }
}

/// Writes something of everything, lets `interrupt` happen to the store, and looks whether the store that it answers
/// has it all.
async fn is_kept<I: Future<Output = EmbeddedManagementStore>>(
    interrupt: impl FnOnce(EmbeddedManagementStore) -> I,
) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let given = metadata(json!({"z": [1, 0.1, -0.0, u64::MAX, i64::MIN], "a": {"ü": null}}));
    let made = store.create(QUEUE, &project(), &queue("q"), given.clone()).await.unwrap().into_queue();
    let made = store.set_metadata(&made, given.clone()).await.unwrap();
    let topic = store.create(TOPIC, &project(), &queue("q"), given.clone()).await.unwrap().into_queue();
    store.create(QUEUE, &project(), &queue("deleted"), given.clone()).await.unwrap();
    store.delete(QUEUE, &project(), &queue("deleted")).await.unwrap();
    let gold = FlavorName::new("gold").unwrap();
    let flavor = Flavor { name: gold.clone(), project: project(), capabilities: given.clone() };
    store.put_flavor(&flavor, None).await.unwrap();
    let pools = [pool("one", Some(&gold)), pool("two", None)];
    for pool in pools.clone() {
        store.put_pool(&pool, None).await.unwrap();
    }
    store.assign(made.destination.number, None, Some(&pools[0].name)).await.unwrap();

    let store = interrupt(store).await;
    let found = store.find(QUEUE, &project(), &queue("q")).await.unwrap().unwrap();
    assert_eq!(found, made);
    let members: Vec<_> = found.metadata.members().keys().collect();
    assert_eq!(members, ["z", "a"], "in the order in which they were given");
    assert_eq!(store.find(TOPIC, &project(), &queue("q")).await.unwrap(), Some(topic));
    assert_eq!(store.find(QUEUE, &project(), &queue("deleted")).await.unwrap(), None);
    assert_eq!(store.count(QUEUE, &project()).await.unwrap(), 1);
    assert_eq!(store.get_flavor(&gold).await.unwrap(), Some(flavor));
    let everything = PageRequest { marker: None, limit: usize::MAX };
    assert_eq!(store.list_pools(&everything).await.unwrap().items, pools);
    let assigned = store.pool_of(made.destination.number).await.unwrap();
    assert_eq!(assigned.as_ref(), Some(&pools[0].name));
    assert!(matches!(store.delete_pool(&pools[0].name).await, Err(StorageError::Conflict(_))));
    assert!(matches!(store.delete_flavor(&gold).await, Err(StorageError::Conflict(_))));
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    is_kept(async |store| {
        store.close().await.unwrap();
        open(store.path.parent().unwrap())
    })
    .await;
}

#[tokio::test]
async fn everything_is_there_after_a_crash() {
    let crashed = tempfile::tempdir().unwrap();
    is_kept(async |store| {
        // What a process leaves behind that dies now: the file as it is, not closed.
        std::fs::copy(&store.path, crashed.path().join(FILE_NAME)).unwrap();
        open(crashed.path())
    })
    .await;
}

#[tokio::test]
async fn dropping_the_store_lets_go_of_the_file() {
    is_kept(async |store| {
        let path = store.path.clone();
        drop(store);
        open(path.parent().unwrap())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_creations_of_one_name_make_one_queue() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open(directory.path()));
    let creations: Vec<_> = (0..200)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let name = queue(&format!("q{}", n % 10));
                store.create(QUEUE, &project(), &name, Metadata::default()).await.unwrap()
            })
        })
        .collect();
    let mut new = 0;
    for creation in creations {
        let created = creation.await.unwrap();
        new += usize::from(matches!(created, Created::New(_)));
        let created = created.into_queue();
        let found = store.find(QUEUE, &project(), &created.destination.name).await.unwrap();
        assert_eq!(found, Some(created));
    }
    assert_eq!(new, 10);
    assert_eq!(store.count(QUEUE, &project()).await.unwrap(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_concurrent_change_of_the_metadata_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open(directory.path()));
    let start = metadata(json!({"count": 0}));
    store.create(QUEUE, &project(), &queue("q"), start).await.unwrap();
    let changes: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                loop {
                    let seen = store.find(QUEUE, &project(), &queue("q")).await.unwrap().unwrap();
                    let count = seen.metadata.get("count").and_then(Value::as_u64).unwrap();
                    match store.set_metadata(&seen, metadata(json!({"count": count + 1}))).await {
                        Ok(_) => break,
                        Err(StorageError::Conflict(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap();
    }
    let queue = store.find(QUEUE, &project(), &queue("q")).await.unwrap().unwrap();
    assert_eq!(queue.metadata, metadata(json!({"count": 20})));
    assert_eq!(queue.revision, 20);
}

#[tokio::test]
async fn a_queue_made_anew_is_not_the_one_that_was_seen() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let create = async || store.create(QUEUE, &project(), &queue("q"), Metadata::default()).await;
    let seen = create().await.unwrap().into_queue();
    store.delete(QUEUE, &project(), &queue("q")).await.unwrap();
    let anew = create().await.unwrap().into_queue();
    assert_ne!(seen.destination.number, anew.destination.number);
    let changed = store.set_metadata(&seen, Metadata::default()).await;
    assert!(matches!(changed, Err(StorageError::NotFound("queue"))), "{changed:?}");
}

#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl IdSource for Counting {
    /// 0, 0, 0, 1, 1, 1, 2, …
    fn next_u128(&self) -> u128 {
        (self.0.fetch_add(1, Ordering::Relaxed) / 3).into()
    }
}

#[tokio::test]
async fn a_number_in_use_is_not_allotted_again() {
    let directory = tempfile::tempdir().unwrap();
    let ids = Arc::new(Counting::default());
    let store =
        EmbeddedManagementStore::open(directory.path(), Arc::clone(&ids) as Arc<dyn IdSource>).unwrap();
    let mut numbers = Vec::new();
    for name in ["a", "b", "c"] {
        let created = store.create(QUEUE, &project(), &queue(name), Metadata::default()).await.unwrap();
        numbers.push(created.into_queue().destination.number.get());
    }
    assert_eq!(numbers, [0, 1, 2]);

    store.close().await.unwrap();
    ids.0.store(0, Ordering::Relaxed);
    let store = EmbeddedManagementStore::open(directory.path(), ids).unwrap();
    let created = store.create(QUEUE, &project(), &queue("d"), Metadata::default()).await.unwrap();
    assert_eq!(created.into_queue().destination.number.get(), 3, "also after a restart");
}

#[tokio::test]
async fn a_listing_goes_on_where_the_page_before_ended() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open(directory.path()));
    let names: Vec<_> = (1000..1600).map(|n| queue(&format!("q{n}"))).collect();
    let creations = names.iter().cloned().map(|name| {
        let store = Arc::clone(&store);
        tokio::spawn(
            async move { store.create(QUEUE, &project(), &name, Metadata::default()).await.unwrap() },
        )
    });
    for creation in creations.collect::<Vec<_>>() {
        creation.await.unwrap();
    }
    for other in ["4809240", "48092"] {
        let other = ProjectId::new(other).unwrap();
        store.create(QUEUE, &other, &queue("q1000"), Metadata::default()).await.unwrap();
    }
    let mut page = PageRequest { marker: None, limit: 7 };
    let mut listed = Vec::new();
    loop {
        let answer = store.list(QUEUE, &project(), &page).await.unwrap();
        listed.extend(answer.items.iter().map(|queue| queue.destination.name.clone()));
        page.marker = answer.next;
        if page.marker.is_none() {
            break;
        }
    }
    assert_eq!(listed, names);
}

#[tokio::test]
async fn metadata_that_could_not_be_read_back_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let nested = |depth| (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }));
    store.create(QUEUE, &project(), &queue("deep"), metadata(nested(127))).await.unwrap();
    let refused = store.create(QUEUE, &project(), &queue("too-deep"), metadata(nested(128))).await;
    assert!(matches!(refused, Err(StorageError::Driver(_))), "{refused:?}");
    assert!(store.is_alive().await);

    store.close().await.unwrap();
    let store = open(directory.path());
    assert_eq!(store.count(QUEUE, &project()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    assert!(store.is_alive().await);
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert!(!store.is_alive().await);
    let found = store.find(QUEUE, &project(), &queue("q")).await;
    assert!(matches!(found, Err(StorageError::Unavailable(_))), "{found:?}");
    let unassigned = store.assign(zaqar_model::DestinationNumber::new(1), None, None).await;
    assert!(matches!(unassigned, Err(StorageError::Unavailable(_))), "{unassigned:?}");
}

#[tokio::test]
async fn passwords_in_pools_are_kept_from_others() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.put_pool(&pool("one", None), None).await.unwrap();
    assert!(!format!("{store:?}").contains("secret"));
    let mode = std::fs::metadata(directory.path().join(FILE_NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let _store = open(directory.path());
    let error = open_error(directory.path());
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
}

#[test]
fn a_file_of_a_newer_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let database = Database::open(directory.path().join(FILE_NAME)).unwrap();
    let transaction = database.begin_write().unwrap();
    let format: TableDefinition<&str, u64> = TableDefinition::new("format");
    transaction.open_table(format).unwrap().insert("version", 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = open_error(directory.path());
    assert!(matches!(error, OpenError::NewerFormat { found: 2, known: 1, .. }), "{error}");
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    std::fs::write(&path, "not a database, but a text that is long enough to be one".repeat(100)).unwrap();
    let error = open_error(directory.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");

    std::fs::remove_file(&path).unwrap();
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let foreign: TableDefinition<&str, u64> = TableDefinition::new("foreign");
    transaction.open_table(foreign).unwrap().insert("version", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = open_error(directory.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.create(QUEUE, &project(), &queue("q-somewhere"), Metadata::default()).await.unwrap();
    store.close().await.unwrap();
    let path = directory.path().join(FILE_NAME);
    let mut bytes = std::fs::read(&path).unwrap();
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"q-somewhere")).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 1;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = open_error(directory.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}

#[test]
fn a_missing_or_empty_file_beside_messages_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE_NAME);
    drop(open(directory.path()));
    let messages = EmbeddedMessageStore::open(directory.path(), Options::default()).unwrap();
    drop(messages);
    drop(open(directory.path()));
    for damage in [|path: &Path| std::fs::remove_file(path), |path: &Path| std::fs::write(path, "")] {
        let kept = std::fs::read(&path).unwrap();
        damage(&path).unwrap();
        for _ in 0..2 {
            let error = open_error(directory.path());
            assert!(matches!(&error, OpenError::Damaged { path: named, .. } if *named == path), "{error}");
            assert!(error.to_string().contains("Restore it"), "{error}");
        }
        std::fs::write(&path, kept).unwrap();
        drop(open(directory.path()));
    }

    std::fs::remove_file(&path).unwrap();
    std::fs::rename(directory.path().join("messages"), directory.path().join("old")).unwrap();
    drop(open(directory.path()));
}

#[tokio::test]
async fn after_a_failed_fsync_nothing_more_is_written() {
    let file = FailingFile::default();
    let store = file.open();
    let create = async |name| store.create(QUEUE, &project(), &queue(name), Metadata::default()).await;
    create("before").await.unwrap();

    file.sync_fails.store(true, Ordering::SeqCst);
    let failed = create("failed").await;
    assert!(matches!(failed, Err(StorageError::Driver(_))), "{failed:?}");
    file.sync_fails.store(false, Ordering::SeqCst);
    let refused = create("after").await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("a write failed") && text.contains("the disk is gone"), "{text}");
    assert!(!store.is_alive().await);

    assert!(
        store.find(QUEUE, &project(), &queue("before")).await.unwrap().is_some(),
        "what is known is still told"
    );
    assert!(store.find(QUEUE, &project(), &queue("failed")).await.unwrap().is_none());
}

#[tokio::test]
async fn those_who_wait_share_a_commit() {
    let file = FailingFile::default();
    let store = Arc::new(file.open());
    let before = file.syncs.load(Ordering::SeqCst);
    let creations: Vec<_> = (0..1000)
        .map(|n| {
            let store = Arc::clone(&store);
            let name = queue(&format!("q{n}"));
            tokio::spawn(
                async move { store.create(QUEUE, &project(), &name, Metadata::default()).await.unwrap() },
            )
        })
        .collect();
    for creation in creations {
        creation.await.unwrap();
    }
    assert_eq!(store.count(QUEUE, &project()).await.unwrap(), 1000);
    let syncs = file.syncs.load(Ordering::SeqCst) - before;
    assert!(syncs < 500, "{syncs}");
}
