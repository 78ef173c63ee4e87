//! Queues that go to another store. Here the store stands for both: what has left comes back into it.

use zaqar_model::{ExportedItem, ExportedMessage, Marker, MoveId};
use zaqar_storage::{ExportCursor, ExportPage, ImportStep, MessageStore, Migration, StorageResult};

use super::TestQueue;
use crate::samples::fresh_move_id;

/// So few, that all kinds of items come in several pages.
const PAGE: usize = 3;

/// One attempt to move a queue. What fails fails the case, but for the methods that try.
#[derive(Clone, Debug)]
pub struct TestMove {
    queue: TestQueue,
    pub id: MoveId,
    cursor: ExportCursor,
}

impl TestQueue {
    /// A mover that is later than all before.
    pub fn mover(&self) -> TestMove {
        TestMove { queue: self.clone(), id: fresh_move_id(), cursor: ExportCursor::default() }
    }

    /// A mover that has begun to export the queue.
    pub async fn begin_export(&self) -> TestMove {
        let mut mover = self.mover();
        mover.try_begin_export().await.unwrap();
        mover
    }

    /// What a move would carry over that stands in the queue or stays for its subscribers.
    pub async fn exported(&self) -> Vec<ExportedMessage> {
        let mut mover = self.begin_export().await;
        let items = mover.rest().await;
        mover.abandon().await;
        messages_of(&items)
    }

    /// Leaves the store, sealed; returns all that goes along.
    pub async fn leave(&self) -> Vec<ExportedItem> {
        let mut mover = self.begin_export().await;
        let mut items = mover.rest().await;
        mover.seal().await;
        items.extend(mover.rest().await);
        mover.leave().await;
        items
    }

    /// Leaves the store and comes back, with everything; returns the messages that went along.
    pub async fn leave_and_return(&self) -> Vec<ExportedMessage> {
        let items = self.leave().await;
        self.mover().arrive(&items).await;
        messages_of(&items)
    }
}

impl TestMove {
    pub async fn try_begin_export(&mut self) -> StorageResult<()> {
        self.cursor = ExportCursor::default();
        let (store, now) = (self.queue.store(), self.queue.now());
        migration_of(&*store).begin_export(&self.queue.destination, self.id, now).await
    }

    /// The page behind the last one that was [received](Self::receive).
    pub async fn try_export(&self, limit: usize) -> StorageResult<ExportPage> {
        let (store, now) = (self.queue.store(), self.queue.now());
        migration_of(&*store).export(&self.queue.destination, self.id, &self.cursor, limit, now).await
    }

    pub async fn export(&self, limit: usize) -> ExportPage {
        let page = self.try_export(limit).await.unwrap();
        assert!(page.items.len() <= limit, "a page holds no more than was asked for");
        page
    }

    pub fn receive(&mut self, page: ExportPage) -> Vec<ExportedItem> {
        self.cursor = page.next;
        page.items
    }

    /// The items of all pages up to one that is caught up.
    pub async fn rest(&mut self) -> Vec<ExportedItem> {
        let mut items = Vec::new();
        loop {
            let page = self.export(PAGE).await;
            let is_caught_up = page.is_caught_up;
            items.extend(self.receive(page));
            if is_caught_up {
                return items;
            }
        }
    }

    pub async fn try_seal(&self) -> StorageResult<()> {
        let (store, now) = (self.queue.store(), self.queue.now());
        migration_of(&*store).seal(&self.queue.destination, self.id, now).await
    }

    pub async fn seal(&self) {
        self.try_seal().await.unwrap();
    }

    pub async fn abandon(&self) {
        let (store, now) = (self.queue.store(), self.queue.now());
        migration_of(&*store).abandon_export(&self.queue.destination, self.id, now).await.unwrap();
    }

    pub async fn try_leave(&self) -> StorageResult<()> {
        let (store, now) = (self.queue.store(), self.queue.now());
        migration_of(&*store).leave(&self.queue.destination, self.id, now).await
    }

    pub async fn leave(&self) {
        self.try_leave().await.unwrap();
    }

    pub async fn try_import(&self, step: ImportStep, items: &[ExportedItem]) -> StorageResult<()> {
        let (store, now) = (self.queue.store(), self.queue.now());
        migration_of(&*store).import(&self.queue.destination, self.id, step, items, now).await
    }

    pub async fn import(&self, step: ImportStep, items: &[ExportedItem]) {
        self.try_import(step, items).await.unwrap();
    }

    pub async fn try_open(&self) -> StorageResult<()> {
        let (store, now) = (self.queue.store(), self.queue.now());
        migration_of(&*store).open(&self.queue.destination, self.id, now).await
    }

    pub async fn open(&self) {
        self.try_open().await.unwrap();
    }

    /// The whole import: from its begin until the queue is open.
    pub async fn arrive(&self, items: &[ExportedItem]) {
        self.import(ImportStep::Begin, &[]).await;
        for items in items.chunks(PAGE) {
            self.import(ImportStep::More, items).await;
        }
        self.import(ImportStep::End, &[]).await;
        self.open().await;
    }
}

/// The messages as the last items about them say, in the order of their positions.
pub(crate) fn messages_of(items: &[ExportedItem]) -> Vec<ExportedMessage> {
    let mut messages: Vec<ExportedMessage> = Vec::new();
    for item in items {
        let position: Marker = match item {
            ExportedItem::Message(moving) => moving.position,
            ExportedItem::MessageGone(position) => *position,
            _ => continue,
        };
        messages.retain(|other| other.position != position);
        if let ExportedItem::Message(moving) = item {
            messages.push(moving.clone());
        }
    }
    messages.sort_by_key(|moving| moving.position);
    messages
}

fn migration_of(store: &dyn MessageStore) -> &dyn Migration {
    store.migration().expect("the store can give queues away")
}
