//! The tables as they will be after the next commit.

use std::collections::HashSet;
use std::sync::Arc;

use zaqar_model::{DestinationNumber, IdSource};
use zaqar_storage::{StorageError, StorageResult};

use super::tables::{Table, Tables};

/// The writer's own tables, ahead of the published ones by the changes of the next commit. Both share keys and rows,
/// so the copy is cheap.
pub(super) struct StagedTables {
    tables: Tables,
    /// The numbers of all queues and topics.
    numbers: HashSet<DestinationNumber>,
    changes: Vec<RowChange>,
    /// Why no row can be inserted.
    refusal: Option<String>,
}

/// A row that was inserted or removed.
pub(super) struct RowChange {
    pub(super) table: &'static str,
    pub(super) key: Arc<[u8]>,
    /// `None`: removed.
    pub(super) value: Option<Vec<u8>>,
    /// Applies the change to the published tables.
    pub(super) publish: Box<dyn FnOnce(&mut Tables) + Send>,
}

impl StagedTables {
    pub(super) fn new(tables: Tables) -> Self {
        let numbers = tables.queues.all().map(|queue| queue.destination.number).collect();
        Self { tables, numbers, changes: Vec::new(), refusal: None }
    }

    /// Refuses to insert rows, until called with `None`.
    pub(super) fn refuse_rows(&mut self, reason: Option<String>) {
        self.refusal = reason;
    }

    pub(super) const fn tables(&self) -> &Tables {
        &self.tables
    }

    pub(super) fn put<R: Table>(&mut self, row: R) -> StorageResult<Arc<R>> {
        if let Some(reason) = &self.refusal {
            return Err(StorageError::unavailable(reason.clone()));
        }
        let key: Arc<[u8]> = row.key().into();
        let value = row.encode().map_err(StorageError::driver)?;
        // A row that cannot be read back would prevent the store from opening.
        if R::decode(&key, &value).map_err(StorageError::Driver)? != row {
            return Err(StorageError::driver(format!(
                "a row of {} would not be read back as it is",
                R::TABLE
            )));
        }
        let row = Arc::new(row);
        R::rows_mut(&mut self.tables).insert(Arc::clone(&key), Arc::clone(&row));
        let publish = Box::new({
            let (key, row) = (Arc::clone(&key), Arc::clone(&row));
            move |tables: &mut Tables| R::rows_mut(tables).insert(key, row)
        });
        self.changes.push(RowChange { table: R::TABLE, key, value: Some(value), publish });
        Ok(row)
    }

    pub(super) fn remove<R: Table>(&mut self, key: &[u8]) -> Option<Arc<R>> {
        let row = R::rows_mut(&mut self.tables).remove(key)?;
        let key: Arc<[u8]> = key.into();
        let publish = Box::new({
            let key = Arc::clone(&key);
            move |tables: &mut Tables| {
                R::rows_mut(tables).remove(&key);
            }
        });
        self.changes.push(RowChange { table: R::TABLE, key, value: None, publish });
        Some(row)
    }

    /// Assigns a number that no queue has. A number of an earlier queue may come again with negligible probability,
    /// of 64 bits; a list of all earlier numbers would grow without bound.
    pub(super) fn allot_number(&mut self, ids: &dyn IdSource) -> StorageResult<DestinationNumber> {
        const ATTEMPTS: usize = 16;

        (0..ATTEMPTS)
            .map(|_| half(ids.next_u128()))
            .map(DestinationNumber::new)
            .find(|number| self.numbers.insert(*number))
            .ok_or_else(|| StorageError::driver("the id source repeats itself"))
    }

    /// Whether a queue or topic has this number.
    pub(super) fn has(&self, number: DestinationNumber) -> bool {
        self.numbers.contains(&number)
    }

    pub(super) fn return_number(&mut self, number: DestinationNumber) {
        self.numbers.remove(&number);
    }

    pub(super) fn take_changes(&mut self) -> Vec<RowChange> {
        std::mem::take(&mut self.changes)
    }
}

/// Combines both halves: the fixed bits of a UUID fall on random ones.
#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn half(id: u128) -> u64 {
    (id ^ (id >> 64)) as u64
}
