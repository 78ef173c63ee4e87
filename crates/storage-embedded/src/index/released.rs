//! Messages that claims have let go, until another claim takes them or they leave the queue.

use std::collections::{BTreeSet, HashMap};

use zaqar_model::ClaimId;

use super::QueueIndex;
use crate::log::Hold;

/// By sequence number.
#[derive(Debug, Default)]
pub(crate) struct Released {
    /// The claims that held them last and have expired. Their terms stay, so that checkpoints and copied records can say of
    /// such a claim what they say of a live one.
    last: HashMap<u64, (ClaimId, Hold)>,
    /// Those that nobody has looked at yet: they may have been claimed often enough.
    unseen: BTreeSet<u64>,
}

impl Released {
    /// A claim on a message has expired.
    pub(super) fn note_expired(&mut self, sequence: u64, claim: ClaimId, hold: Hold) {
        self.last.insert(sequence, (claim, hold));
        self.unseen.insert(sequence);
    }

    /// A message is free that was claimed before.
    pub(super) fn note(&mut self, sequence: u64) {
        self.unseen.insert(sequence);
    }

    pub(super) fn forget(&mut self, sequence: u64) {
        self.last.remove(&sequence);
        self.unseen.remove(&sequence);
    }

    /// The claim that held a message last, if it has expired and no other has taken the message since.
    pub(crate) fn last(&self, sequence: u64) -> Option<(ClaimId, Hold)> {
        self.last.get(&sequence).copied()
    }

    pub(crate) fn all_last(&self) -> impl ExactSizeIterator<Item = (u64, ClaimId, Hold)> {
        self.last.iter().map(|(sequence, (claim, hold))| (*sequence, *claim, *hold))
    }

    pub(crate) fn has_unseen(&self) -> bool {
        !self.unseen.is_empty()
    }
}

impl QueueIndex {
    /// Some of the messages that claims have let go and nobody has looked at, with their claim counts.
    pub(crate) fn released_unseen(&self, limit: usize) -> Vec<(u64, u32)> {
        let unseen = self.released.unseen.iter().take(limit);
        unseen.filter_map(|sequence| Some((*sequence, self.get(*sequence)?.claim_count))).collect()
    }

    pub(crate) fn note_seen(&mut self, sequences: impl IntoIterator<Item = u64>) {
        for sequence in sequences {
            self.released.unseen.remove(&sequence);
        }
    }
}
