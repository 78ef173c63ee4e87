//! The live claims of one queue.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;

use slab::Slab;
use zaqar_model::{ClaimId, Timestamp};

use super::chunk::ClaimKey;
use crate::log::Hold;

/// A live claim.
#[derive(Debug)]
pub(crate) struct HeldClaim {
    pub(crate) id: ClaimId,
    pub(crate) hold: Hold,
    /// The sequence numbers of what it holds, ascending.
    pub(crate) members: Vec<u64>,
}

/// Claims by id, by key, and by the time they end. A claim ends with its last message.
#[derive(Debug, Default)]
pub(crate) struct ClaimTable {
    claims: Slab<HeldClaim>,
    by_id: HashMap<ClaimId, ClaimKey>,
    by_end: BTreeSet<(Timestamp, ClaimKey)>,
}

impl ClaimTable {
    /// The key of a claim, which is made if it is new.
    pub(crate) fn open(&mut self, id: ClaimId, hold: Hold) -> ClaimKey {
        if let Some(key) = self.by_id.get(&id) {
            return *key;
        }
        let slot = self.claims.insert(HeldClaim { id, hold, members: Vec::new() });
        let key = key_of(slot);
        self.by_id.insert(id, key);
        self.by_end.insert((hold.ends(), key));
        key
    }

    pub(crate) fn find(&self, id: ClaimId) -> Option<ClaimKey> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn get(&self, key: ClaimKey) -> Option<&HeldClaim> {
        self.claims.get(slot_of(key))
    }

    pub(crate) fn set_hold(&mut self, key: ClaimKey, hold: Hold) {
        if let Some(claim) = self.claims.get_mut(slot_of(key)) {
            self.by_end.remove(&(claim.hold.ends(), key));
            claim.hold = hold;
            self.by_end.insert((hold.ends(), key));
        }
    }

    pub(crate) fn add_member(&mut self, key: ClaimKey, sequence: u64) {
        if let Some(claim) = self.claims.get_mut(slot_of(key))
            && let Err(place) = claim.members.binary_search(&sequence)
        {
            claim.members.insert(place, sequence);
        }
    }

    /// Takes a message out of its claim, and ends the claim if that was its last.
    pub(crate) fn remove_member(&mut self, key: ClaimKey, sequence: u64) {
        let Some(claim) = self.claims.get_mut(slot_of(key)) else { return };
        if let Ok(place) = claim.members.binary_search(&sequence) {
            claim.members.remove(place);
        }
        if claim.members.is_empty() {
            self.end(key);
        }
    }

    pub(crate) fn end(&mut self, key: ClaimKey) -> Option<HeldClaim> {
        let claim = self.claims.try_remove(slot_of(key))?;
        self.by_id.remove(&claim.id);
        self.by_end.remove(&(claim.hold.ends(), key));
        Some(claim)
    }

    /// When the next claim ends, and which.
    pub(crate) fn next_end(&self) -> Option<(Timestamp, ClaimKey)> {
        self.by_end.first().copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &HeldClaim> {
        self.claims.iter().map(|(_, claim)| claim)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn key_of(slot: usize) -> ClaimKey {
    // A queue never holds 2³² live claims: they would not fit into memory.
    ClaimKey(u32::try_from(slot + 1).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
}

const fn slot_of(key: ClaimKey) -> usize {
    key.0.get() as usize - 1
}
