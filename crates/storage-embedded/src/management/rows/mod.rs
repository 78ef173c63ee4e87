//! The encoding of rows in the file, and the rows of a table in memory: by key, in order, with a count for each
//! group. The tables are listed in `tables`.

pub(super) mod assignment;
pub(super) mod destination;
pub(super) mod flavor;

pub(super) mod pool;
pub(super) mod queue_move;

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::ops::Bound;
use std::sync::Arc;

use serde_json::value::RawValue;
use zaqar_model::Metadata;

/// Why bytes are not a valid row.
pub(super) type BadRow = Box<dyn Error + Send + Sync>;

/// A noun with rows. Key and value are bytes, in memory as in the file.
pub(super) trait Row: Clone + PartialEq + Send + Sync + 'static {
    /// The name of the file's table.
    const TABLE: &'static str;

    /// The key, which orders the rows.
    fn key(&self) -> Vec<u8>;

    /// The group in which the row is counted.
    fn group(&self) -> Option<Vec<u8>>;

    fn encode(&self) -> serde_json::Result<Vec<u8>>;

    fn decode(key: &[u8], value: &[u8]) -> Result<Self, BadRow>;
}

/// The rows of one noun in memory.
#[derive(Clone, PartialEq)]
pub(super) struct Rows<R> {
    rows: BTreeMap<Arc<[u8]>, Arc<R>>,
    groups: HashMap<Vec<u8>, u64>,
}

impl<R: Row> Rows<R> {
    pub(super) fn get(&self, key: &[u8]) -> Option<Arc<R>> {
        self.rows.get(key).map(Arc::clone)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<R>> {
        self.rows.values()
    }

    /// The first rows whose keys begin with `prefix`, from behind the key `marker` if one is given.
    pub(super) fn page(&self, prefix: &[u8], marker: Option<&[u8]>, limit: usize) -> Vec<Arc<R>> {
        let start = marker.map_or(Bound::Included(prefix), Bound::Excluded);
        self.rows
            .range::<[u8], _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(_, row)| Arc::clone(row))
            .collect()
    }

    pub(super) fn count(&self, group: &[u8]) -> u64 {
        self.groups.get(group).copied().unwrap_or(0)
    }

    pub(super) fn insert(&mut self, key: Arc<[u8]>, row: Arc<R>) {
        self.remove(&key);
        if let Some(group) = row.group() {
            *self.groups.entry(group).or_default() += 1;
        }
        self.rows.insert(key, row);
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Arc<R>> {
        let row = self.rows.remove(key)?;
        if let Some(group) = row.group()
            && let Some(count) = self.groups.get_mut(&group)
        {
            *count -= 1;
            if *count == 0 {
                self.groups.remove(&group);
            }
        }
        Some(row)
    }
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), groups: HashMap::new() }
    }
}

/// The JSON of an object within a value. It is parsed on its own, so that it may nest as deep as at its source.
pub(super) fn to_json(object: &Metadata) -> serde_json::Result<Box<RawValue>> {
    serde_json::value::to_raw_value(object.members())
}

pub(super) fn from_json(text: &RawValue) -> serde_json::Result<Metadata> {
    serde_json::from_str(text.get()).map(Metadata::new)
}
