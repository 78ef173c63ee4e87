//! Released messages: free again after a claim, until they are claimed again or leave the queue.

use std::collections::{BTreeSet, HashMap};

use zaqar_model::ClaimLease;

use super::QueueIndex;

/// Released messages by sequence number.
#[derive(Debug, Default)]
pub(crate) struct Released {
    /// The expired claims that held them last. Checkpoints and copied records name them as they name a live claim.
    last: HashMap<u64, ClaimLease>,
    /// Messages whose claim count has not been checked since: they may be dead letters.
    unseen: BTreeSet<u64>,
}

impl Released {
    /// Notes that a claim on a message has expired.
    pub(super) fn note_expired(&mut self, sequence: u64, lease: ClaimLease) {
        self.last.insert(sequence, lease);
        self.unseen.insert(sequence);
    }

    /// Notes that a message is free that was claimed before.
    pub(super) fn note(&mut self, sequence: u64) {
        self.unseen.insert(sequence);
    }

    pub(super) fn forget(&mut self, sequence: u64) {
        self.last.remove(&sequence);
        self.unseen.remove(&sequence);
    }

    /// The expired claim that held a message last, if no other has taken it since.
    pub(crate) fn last(&self, sequence: u64) -> Option<ClaimLease> {
        self.last.get(&sequence).copied()
    }

    pub(crate) fn all_last(&self) -> impl ExactSizeIterator<Item = (u64, ClaimLease)> {
        self.last.iter().map(|(sequence, lease)| (*sequence, *lease))
    }

    pub(crate) fn has_unseen(&self) -> bool {
        !self.unseen.is_empty()
    }
}

impl QueueIndex {
    /// Some of the released messages that have not been checked, with their claim counts.
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
