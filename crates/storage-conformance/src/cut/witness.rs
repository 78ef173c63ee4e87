//! What was seen at all calls of a test.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use parking_lot::Mutex;
use zaqar_model::DestinationNumber;

/// Whoever is called so often has been cut somewhere.
const OFTEN: usize = 16;

/// Knows which operations were cut, and what was answered by whom: of a change that was made twice, the second time says
/// no more whose change it was.
#[derive(Debug, Default)]
pub struct Witness {
    /// How often each operation was called, and how often its line was cut.
    operations: Mutex<BTreeMap<&'static str, (usize, usize)>>,
    /// Queues of which somebody was told that they are new.
    made: Mutex<HashSet<DestinationNumber>>,
    /// Revisions that somebody was told to have made.
    changed: Mutex<HashSet<(DestinationNumber, u64)>>,
}

impl Witness {
    pub(super) fn saw(&self, operation: &'static str, was_cut: bool) {
        let mut operations = self.operations.lock();
        let (calls, cuts) = operations.entry(operation).or_default();
        *calls += 1;
        *cuts += usize::from(was_cut);
    }

    /// Whether nobody was told so before.
    pub(super) fn is_first_to_make(&self, queue: DestinationNumber) -> bool {
        self.made.lock().insert(queue)
    }

    /// Whether nobody was told so before.
    pub(super) fn is_first_to_change(&self, queue: DestinationNumber, revision: u64) -> bool {
        self.changed.lock().insert((queue, revision))
    }

    /// Fails unless at least so many operations were cut at some time, and all of those that were called often.
    pub fn expect_all_cut(&self, at_least: usize) {
        let operations = self.operations.lock();
        let missed = |(calls, cuts): &(usize, usize)| *calls >= OFTEN && *cuts == 0;
        let never: BTreeSet<_> =
            operations.iter().filter(|own| missed(own.1)).map(|(name, _)| name).collect();
        assert!(never.is_empty(), "never cut: {never:?}");
        let cut = operations.values().filter(|(_, cuts)| *cuts > 0).count();
        assert!(cut >= at_least, "only {cut} were cut: {operations:?}");
    }
}
