//! The latest first attempts: whether nearly all of them have failed. Each is of another message.

use zaqar_model::Timestamp;

/// So many attempts are looked at.
const SIZE: u32 = 50;
/// Of those, so many may do well while it still counts as nearly all.
const MAY_DO_WELL: u32 = 2;
/// After a pause of so many seconds one begins to count again.
const OUTDATED_AFTER: u64 = 300;

/// A bit for each attempt, the latest in the lowest place: whether it failed.
#[derive(Debug, Default)]
pub(super) struct Window {
    failed: u64,
    len: u32,
    pushed: Timestamp,
}

impl Window {
    pub(super) fn push(&mut self, is_well: bool, now: Timestamp) {
        if self.pushed.plus_secs(OUTDATED_AFTER) < now {
            self.clear();
        }
        self.pushed = now;
        self.failed = (self.failed << 1 | u64::from(!is_well)) & ((1 << SIZE) - 1);
        self.len = (self.len + 1).min(SIZE);
    }

    pub(super) const fn nearly_all_fail(&self) -> bool {
        self.len == SIZE && self.failed.count_ones() + MAY_DO_WELL >= SIZE
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
