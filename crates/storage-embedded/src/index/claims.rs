//! The live claims of one queue.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;

use slab::Slab;
use zaqar_model::{ClaimId, ClaimLease, GraceSeconds, Timestamp, TtlSeconds};

use super::QueueIndex;
use super::chunk::{ClaimKey, Entry};
use super::released::Released;
use crate::log::ClaimRecord;

/// A live claim.
#[derive(Debug)]
pub(crate) struct LiveClaim {
    pub(crate) lease: ClaimLease,
    /// The sequence numbers of its messages, ascending.
    pub(crate) members: Vec<u64>,
}

/// Claims by id, by key, and by the time they end. A claim ends with its last message.
#[derive(Debug, Default)]
pub(crate) struct ClaimTable {
    claims: Slab<LiveClaim>,
    by_id: HashMap<ClaimId, ClaimKey>,
    by_end: BTreeSet<(Timestamp, ClaimKey)>,
}

impl ClaimTable {
    /// Returns the key of a claim, and creates the claim if it is new.
    pub(crate) fn open(&mut self, lease: ClaimLease) -> ClaimKey {
        if let Some(key) = self.by_id.get(&lease.id) {
            return *key;
        }
        let index = self.claims.insert(LiveClaim { lease, members: Vec::new() });
        let key = key_of(index);
        self.by_id.insert(lease.id, key);
        self.by_end.insert((lease.ends(), key));
        key
    }

    pub(crate) fn find(&self, id: ClaimId) -> Option<ClaimKey> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn get(&self, key: ClaimKey) -> Option<&LiveClaim> {
        self.claims.get(slab_index(key))
    }

    pub(crate) fn set_lease(&mut self, key: ClaimKey, lease: ClaimLease) {
        if let Some(claim) = self.claims.get_mut(slab_index(key)) {
            self.by_end.remove(&(claim.lease.ends(), key));
            claim.lease = lease;
            self.by_end.insert((lease.ends(), key));
        }
    }

    pub(crate) fn add_member(&mut self, key: ClaimKey, sequence: u64) {
        if let Some(claim) = self.claims.get_mut(slab_index(key))
            && let Err(place) = claim.members.binary_search(&sequence)
        {
            claim.members.insert(place, sequence);
        }
    }

    /// Removes a message from its claim. The claim ends with its last message.
    pub(crate) fn remove_member(&mut self, key: ClaimKey, sequence: u64) {
        let Some(claim) = self.claims.get_mut(slab_index(key)) else { return };
        if let Ok(place) = claim.members.binary_search(&sequence) {
            claim.members.remove(place);
        }
        if claim.members.is_empty() {
            self.end(key);
        }
    }

    pub(crate) fn end(&mut self, key: ClaimKey) -> Option<LiveClaim> {
        let claim = self.claims.try_remove(slab_index(key))?;
        self.by_id.remove(&claim.lease.id);
        self.by_end.remove(&(claim.lease.ends(), key));
        Some(claim)
    }

    /// The next claim to end, and when.
    pub(crate) fn next_end(&self) -> Option<(Timestamp, ClaimKey)> {
        self.by_end.first().copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &LiveClaim> {
        self.claims.iter().map(|(_, claim)| claim)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn key_of(index: usize) -> ClaimKey {
    // A queue never has 2³² live claims: they would not fit into memory.
    ClaimKey(u32::try_from(index + 1).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
}

const fn slab_index(key: ClaimKey) -> usize {
    key.0.get() as usize - 1
}

impl QueueIndex {
    /// Makes a claim. Messages that are gone are skipped.
    pub(crate) fn claim(&mut self, record: &ClaimRecord) {
        let ends = record.lease.ends();
        let extended = record.grace.map(|grace| (grace.after(ends), longer(record.lease.ttl, grace)));
        for (sequence, count) in &record.taken {
            self.attach(*sequence, record.lease);
            if let Some(entry) = self.entry_mut(*sequence) {
                entry.claim_count = *count;
                if let Some(extended) = extended {
                    outlive(entry, ends, extended);
                }
            }
        }
        for sequence in &record.dead_lettered {
            self.dead_letter(*sequence);
        }
    }

    pub(crate) fn renew(&mut self, lease: ClaimLease, grace: GraceSeconds) {
        let Some(key) = self.claims.find(lease.id) else { return };
        self.claims.set_lease(key, lease);
        let ends = lease.ends();
        let extended = (grace.after(ends), longer(lease.ttl, grace));
        let members = self.claims.get(key).map(|claim| claim.members.clone()).unwrap_or_default();
        for sequence in members {
            self.note_message(sequence);
            if let Some(entry) = self.entry_mut(sequence) {
                outlive(entry, ends, extended);
            }
        }
    }

    /// Ends a claim and frees its messages.
    pub(crate) fn release(&mut self, id: ClaimId) {
        if let Some(key) = self.claims.find(id) {
            self.end_claim(key, Released::note);
        }
    }

    /// Puts a message under a claim, and creates the claim if it is new.
    pub(crate) fn attach(&mut self, sequence: u64, lease: ClaimLease) {
        if self.get(sequence).is_none() {
            return;
        }
        self.note_message(sequence);
        self.detach(sequence);
        self.released.forget(sequence);
        let key = self.claims.open(lease);
        if self.claims.get(key).is_some_and(|claim| claim.lease != lease) {
            // A message from another store may have a later renewal.
            self.claims.set_lease(key, lease);
        }
        if let Some(entry) = self.entry_mut(sequence) {
            entry.claim = Some(key);
            self.claimed += 1;
        }
        self.claims.add_member(key, sequence);
        self.set_available(sequence, false);
    }

    /// Removes a message from its claim. The claim ends with its last message.
    pub(super) fn detach(&mut self, sequence: u64) {
        if let Some(entry) = self.entry_mut(sequence)
            && let Some(key) = entry.claim.take()
        {
            self.claimed -= 1;
            self.claims.remove_member(key, sequence);
        }
    }

    /// Ends a claim, frees its messages, and notes each as released.
    pub(super) fn end_claim(&mut self, key: ClaimKey, note: impl Fn(&mut Released, u64)) {
        let Some(claim) = self.claims.end(key) else { return };
        for sequence in claim.members {
            self.note_message(sequence);
            if let Some(entry) = self.entry_mut(sequence) {
                entry.claim = None;
                self.claimed -= 1;
                self.set_available(sequence, true);
                note(&mut self.released, sequence);
            }
        }
    }
}

const fn longer(ttl: TtlSeconds, grace: GraceSeconds) -> TtlSeconds {
    TtlSeconds::new(ttl.get().saturating_add(grace.get()))
}

/// A claim extends the life of a message that would expire before it (upstream: to `ttl + grace` from now).
fn outlive(entry: &mut Entry, claim_ends: Timestamp, (expires, ttl): (Timestamp, TtlSeconds)) {
    if entry.expires < claim_ends {
        entry.expires = expires;
        entry.ttl = ttl;
    }
}
