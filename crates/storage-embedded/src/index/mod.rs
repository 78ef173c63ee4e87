//! What is in a queue right now: in memory, one index a queue.
//!
//! An operation costs the same at any depth: messages are found by sequence number over chunks of sixty-four, and the
//! first free one over the set of chunks that have any. Timers are kept a chunk and a claim, not a message, so that a
//! message that is gone leaves none behind. Nothing here touches a file.
//!
//! * `chunk`, `claims`, `released`, `exhausted` — what consumers see and take
//! * `subscriptions`, `cursor`, `kept`, `owing`, `delivering`, `moving`, `attempts` — who is told of it, and what that needs

mod attempts;
mod chunk;
mod claims;
mod cursor;
mod delivering;
mod exhausted;
mod kept;
mod lane;
mod moving;
mod owing;
mod released;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use zaqar_model::{ClaimId, GraceSeconds, MessageId, Timestamp, TtlSeconds};

pub(crate) use attempts::AttemptEntry;
use attempts::AttemptTable;
pub(crate) use chunk::Entry;
use chunk::{CHUNK, Chunk, ClaimKey};
use claims::ClaimTable;
pub(crate) use cursor::Cursor;
use exhausted::Exhausted;
use kept::Kept;
pub(crate) use moving::logged;
use owing::Owing;
pub(crate) use owing::{Changes, SavedCursor};
use released::Released;
use subscriptions::SubscriptionTable;
pub(crate) use subscriptions::{KeptSubscription, respects_delay};

use crate::log::{ClaimRecord, ForeignId, Hold, Location, MessageRecord};

/// The messages, claims and subscriptions of one queue or topic.
#[derive(Debug)]
pub(crate) struct QueueIndex {
    /// The upper half of the ids of the messages that were posted here.
    id_prefix: u64,
    /// The sequence number that comes after all that can be seen.
    pub(crate) next_sequence: u64,
    chunks: BTreeMap<u64, Chunk>,
    /// The chunks in which something can be claimed.
    available: BTreeSet<u64>,
    /// The chunks by the next thing that time does to them.
    chunk_events: BTreeSet<(Timestamp, u64)>,
    pub(crate) claims: ClaimTable,
    pub(crate) released: Released,
    /// Set aside as claimed too often, waiting for the move to the dead-letter queue.
    pub(crate) exhausted: Exhausted,
    pub(crate) subscriptions: SubscriptionTable,
    /// Out of the queue, and still owed to subscribers.
    pub(crate) kept: Kept,
    owing: Owing,
    pub(crate) attempts: AttemptTable,
    /// Messages that came from elsewhere with an id of their own.
    ids: ForeignIds,
    live: u64,
    claimed: u64,
    /// How late it is here.
    now: Timestamp,
    /// Where the log keeps what has been removed since the last call of [`QueueIndex::take_freed`].
    freed: Vec<Location>,
}

#[derive(Debug, Default)]
struct ForeignIds {
    sequence_of: HashMap<MessageId, u64>,
    id_of: HashMap<u64, ForeignId>,
}

impl ForeignIds {
    fn insert(&mut self, sequence: u64, foreign: ForeignId) {
        self.sequence_of.insert(foreign.id, sequence);
        self.id_of.insert(sequence, foreign);
    }
}

impl QueueIndex {
    pub(crate) fn new(id_prefix: u64) -> Self {
        Self {
            id_prefix,
            next_sequence: 1,
            chunks: BTreeMap::new(),
            available: BTreeSet::new(),
            chunk_events: BTreeSet::new(),
            claims: ClaimTable::default(),
            released: Released::default(),
            exhausted: Exhausted::default(),
            subscriptions: SubscriptionTable::default(),
            kept: Kept::default(),
            owing: Owing::default(),
            attempts: AttemptTable::default(),
            ids: ForeignIds::default(),
            live: 0,
            claimed: 0,
            now: Timestamp::default(),
            freed: Vec::new(),
        }
    }

    /// How many messages there are, exhausted ones not counted.
    pub(crate) const fn live(&self) -> u64 {
        self.live
    }

    /// How many of them are under a claim.
    pub(crate) const fn claimed(&self) -> u64 {
        self.claimed
    }

    /// How many places in the log the index knows.
    pub(crate) fn entries(&self) -> u64 {
        self.live + (self.exhausted.len() + self.kept.len() + self.attempts.len()) as u64
    }

    /// When time next changes something here.
    pub(crate) fn next_event(&self) -> Timestamp {
        let chunk = self.chunk_events.first().map_or(Timestamp::NEVER, |(at, _)| *at);
        let claim = self.claims.next_end().map_or(Timestamp::NEVER, |(at, _)| at);
        let of_queue = chunk.min(claim).min(self.exhausted.next_expiry());
        let of_messages = self.kept.next_end().min(self.next_failure_expiry());
        let of_subscribers = of_messages.min(self.attempts.next_expiry());
        of_queue.min(of_subscribers).min(self.subscriptions.next_expiry())
    }

    /// The space in the log that nothing here needs any more.
    pub(crate) fn take_freed(&mut self) -> Vec<Location> {
        std::mem::take(&mut self.freed)
    }

    // Finding

    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.chunks.get(&(sequence / CHUNK))?.get(place_of(sequence))
    }

    pub(crate) fn id_of(&self, sequence: u64) -> MessageId {
        let foreign = self.ids.id_of.get(&sequence).map(|foreign| foreign.id);
        foreign.unwrap_or_else(|| native_id(self.id_prefix, sequence))
    }

    /// The id, where it does not follow from the sequence number.
    pub(crate) fn foreign_id_of(&self, sequence: u64) -> Option<ForeignId> {
        self.ids.id_of.get(&sequence).copied()
    }

    /// Whether the message that is here was posted to this queue, so that subscribers are owed it.
    pub(crate) fn is_posted(&self, sequence: u64) -> bool {
        self.ids.id_of.get(&sequence).is_none_or(|foreign| foreign.posted)
    }

    /// The sequence number of a live message.
    pub(crate) fn find(&self, id: MessageId) -> Option<u64> {
        if let Some(sequence) = self.ids.sequence_of.get(&id) {
            return self.get(*sequence).is_some().then_some(*sequence);
        }
        let sequence = native_sequence(self.id_prefix, id)?;
        // A message with an id of its own does not answer to the one that its place would give it.
        let here = self.get(sequence).is_some() && !self.ids.id_of.contains_key(&sequence);
        here.then_some(sequence)
    }

    /// The sequence number that a message has or had.
    pub(crate) fn place_of(&self, id: MessageId) -> Option<u64> {
        self.ids.sequence_of.get(&id).copied().or_else(|| native_sequence(self.id_prefix, id))
    }

    /// Live messages from a sequence number on, with whether each can be claimed.
    pub(crate) fn iter_from(&self, from: u64) -> impl Iterator<Item = (u64, &Entry, bool)> {
        self.chunks.range(from / CHUNK..).flat_map(move |(number, chunk)| {
            let first = if *number == from / CHUNK { place_of(from) } else { 0 };
            chunk
                .iter_from(first)
                .map(move |(place, entry, available)| (number * CHUNK + u64::from(place), entry, available))
        })
    }

    /// Messages from a sequence number on that can be claimed.
    pub(crate) fn available_from(&self, from: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.available.range(from / CHUNK..).flat_map(move |number| {
            let first = if *number == from / CHUNK { place_of(from) } else { 0 };
            self.chunks.get(number).into_iter().flat_map(move |chunk| {
                chunk
                    .available_from(first)
                    .map(move |(place, entry)| (number * CHUNK + u64::from(place), entry))
            })
        })
    }

    pub(crate) fn first(&self) -> Option<(u64, &Entry)> {
        self.iter_from(0).next().map(|(sequence, entry, _)| (sequence, entry))
    }

    pub(crate) fn last(&self) -> Option<(u64, &Entry)> {
        let (number, chunk) = self.chunks.last_key_value()?;
        let (place, entry, _) = chunk.iter_from(0).next_back()?;
        Some((number * CHUNK + u64::from(place), entry))
    }

    // Changing

    /// Puts a message into its place, under no claim. It is out of reach while it is delayed.
    pub(crate) fn insert(&mut self, sequence: u64, id: Option<ForeignId>, entry: Entry) {
        let (number, place) = (sequence / CHUNK, place_of(sequence));
        let delayed = entry.delayed_until > entry.created;
        let chunk = self.chunks.entry(number).or_insert_with(Chunk::new);
        let before = chunk.insert(place, entry, !delayed);
        self.released.forget(sequence);
        if entry.claim_count > 0 {
            self.released.note(sequence);
        }
        let event = if delayed { entry.delayed_until.min(entry.expires) } else { entry.expires };
        self.expect_event(number, event);
        self.note_availability(number);
        self.next_sequence = self.next_sequence.max(sequence.saturating_add(1));
        match before {
            None => self.live += 1,
            Some(before) => {
                self.freed.push(before.location);
                if let Some(key) = before.claim {
                    self.claimed -= 1;
                    self.claims.remove_member(key, sequence);
                }
            }
        }
        if let Some(foreign) = id {
            self.ids.insert(sequence, foreign);
        }
        if self.is_posted(sequence) {
            self.note_posted();
        }
    }

    /// Fills an empty index with the messages that a checkpoint names.
    pub(crate) fn restore(
        &mut self,
        next_sequence: u64,
        messages: Vec<(u64, Entry)>,
        foreign: Vec<(u64, ForeignId)>,
    ) {
        for (sequence, entry) in messages {
            self.insert(sequence, None, entry);
        }
        for (sequence, id) in foreign {
            self.ids.insert(sequence, id);
        }
        self.next_sequence = self.next_sequence.max(next_sequence);
    }

    /// Puts a message where the log says it is; for recovery.
    pub(crate) fn recover(&mut self, location: Location, record: &MessageRecord<'_>) {
        self.replace(
            record.sequence,
            record.id,
            Entry::new(location, record),
            record.claim,
            record.exhausted,
            record.kept,
        );
    }

    /// Puts a message with its state into its place, whatever was known of it before.
    pub(crate) fn replace(
        &mut self,
        sequence: u64,
        id: Option<ForeignId>,
        entry: Entry,
        claim: Option<(ClaimId, Hold)>,
        exhausted: bool,
        kept: bool,
    ) {
        if let Some(older) = self.exhausted.remove(sequence) {
            self.freed.push(older.location);
        }
        if let Some(older) = self.kept.remove(sequence) {
            self.freed.push(older.location);
        }
        self.insert(sequence, id, entry);
        if let Some((claim, hold)) = claim {
            self.hold(sequence, claim, hold);
        }
        if exhausted {
            self.exhaust(sequence);
        }
        if kept {
            self.remove(sequence);
        }
    }

    /// Sequence numbers below this one are not given out any more.
    pub(crate) fn skip(&mut self, below: u64) {
        self.next_sequence = self.next_sequence.max(below);
    }

    /// Removes what lies in segments of the log before this one, which are gone. Only what was dead already can lie
    /// there: the clock stood later when they were retired.
    pub(crate) fn remove_before(&mut self, segment: u32) {
        let live = self.iter_from(0).map(|(sequence, entry, _)| (sequence, entry));
        let lost: Vec<u64> = live
            .chain(self.exhausted.iter().map(|(sequence, _, entry)| (sequence, entry)))
            .chain(self.kept.iter_from(0))
            .filter(|(_, entry)| entry.location.segment < segment)
            .map(|(sequence, _)| sequence)
            .collect();
        lost.into_iter().for_each(|sequence| self.lose(sequence));
        let lost: Vec<_> = self
            .attempts
            .iter()
            .filter(|(_, _, entry)| entry.location.segment < segment)
            .map(|(id, number, _)| (id, number))
            .collect();
        lost.into_iter().for_each(|(id, number)| self.lose_attempt(id, number));
    }

    /// Removes a message, exhausted or not, and takes it out of its claim. It stays for subscribers that are owed it.
    pub(crate) fn remove(&mut self, sequence: u64) {
        let Some(entry) = self.take(sequence).or_else(|| self.exhausted.remove(sequence)) else { return };
        let before = if self.is_needed(sequence) {
            self.kept.insert(sequence, entry)
        } else {
            self.forget_id(sequence);
            Some(entry)
        };
        self.freed.extend(before.map(|entry| entry.location));
    }

    /// Removes a message for everybody: nobody needs it, or it cannot be read.
    pub(crate) fn lose(&mut self, sequence: u64) {
        let removed = [self.take(sequence), self.exhausted.remove(sequence), self.kept.remove(sequence)];
        self.freed.extend(removed.into_iter().flatten().map(|entry| entry.location));
        if !self.is_held(sequence) {
            self.forget_id(sequence);
        }
    }

    /// The log keeps a message elsewhere now.
    pub(crate) fn relocate(&mut self, sequence: u64, from: Location, to: Location) {
        let aside = match self.exhausted.get_mut(sequence) {
            Some(entry) => Some(entry),
            None => self.kept.get_mut(sequence),
        };
        let entry = match aside {
            Some(entry) => Some(entry),
            None => {
                self.chunks.get_mut(&(sequence / CHUNK)).and_then(|chunk| chunk.get_mut(place_of(sequence)))
            }
        };
        match entry {
            Some(entry) if entry.location == from => {
                entry.location = to;
                self.freed.push(from);
            }
            // It went meanwhile: the copy is dead on arrival.
            _ => self.freed.push(to),
        }
    }

    /// Makes a claim, or what is left of it: messages that are gone are passed over.
    pub(crate) fn claim(&mut self, record: &ClaimRecord) {
        let ends = record.hold.ends();
        let extended = (record.grace.after(ends), longer(record.hold.ttl, record.grace));
        for (sequence, count) in &record.taken {
            self.hold(*sequence, record.claim, record.hold);
            if let Some(entry) = self.entry_mut(*sequence) {
                entry.claim_count = *count;
                outlive(entry, ends, extended);
            }
        }
        for sequence in &record.exhausted {
            self.exhaust(*sequence);
        }
    }

    pub(crate) fn renew(&mut self, id: ClaimId, hold: Hold, grace: GraceSeconds) {
        let Some(key) = self.claims.find(id) else { return };
        self.claims.set_hold(key, hold);
        let ends = hold.ends();
        let extended = (grace.after(ends), longer(hold.ttl, grace));
        let members = self.claims.get(key).map(|claim| claim.members.clone()).unwrap_or_default();
        for sequence in members {
            if let Some(entry) = self.entry_mut(sequence) {
                outlive(entry, ends, extended);
            }
        }
    }

    /// Ends a claim: what it holds is free.
    pub(crate) fn release(&mut self, id: ClaimId) {
        if let Some(key) = self.claims.find(id) {
            self.end_claim(key, Released::note);
        }
    }

    /// Frees what a claim holds, and notes each message as let go.
    fn end_claim(&mut self, key: ClaimKey, note: impl Fn(&mut Released, u64)) {
        let Some(claim) = self.claims.end(key) else { return };
        for sequence in claim.members {
            if let Some(entry) = self.entry_mut(sequence) {
                entry.claim = None;
                self.claimed -= 1;
                self.set_available(sequence, true);
                note(&mut self.released, sequence);
            }
        }
    }

    /// Removes all messages below a sequence number, exhausted ones not among them.
    pub(crate) fn purge(&mut self, below: u64) {
        let doomed: Vec<u64> = self
            .iter_from(0)
            .map(|(sequence, _, _)| sequence)
            .take_while(|sequence| *sequence < below)
            .collect();
        doomed.into_iter().for_each(|sequence| self.remove(sequence));
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        let chunks = std::mem::take(&mut self.chunks);
        self.freed
            .extend(chunks.values().flat_map(|chunk| chunk.iter_from(0).map(|(_, entry, _)| entry.location)));
        self.freed.extend(self.exhausted.iter().map(|(_, _, entry)| entry.location));
        self.freed.extend(self.kept.iter_from(0).map(|(_, entry)| entry.location));
        self.freed.extend(self.attempts.iter().map(|(_, _, entry)| entry.location));
        self.kept = Kept::default();
        self.owing.clear();
        self.attempts = AttemptTable::default();
        self.available.clear();
        self.chunk_events.clear();
        self.claims.clear();
        self.released = Released::default();
        self.exhausted = Exhausted::default();
        self.subscriptions = SubscriptionTable::default();
        self.ids = ForeignIds::default();
        self.live = 0;
        self.claimed = 0;
    }

    /// Does what time has done by `now`: ends claims, brings delayed messages within reach, removes what has expired: for all
    /// but the subscribers that are still owed it.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some((end, key)) = self.claims.next_end().filter(|(end, _)| *end <= now) {
            debug_assert!(end <= now, "only what is due");
            if let Some((id, hold)) = self.claims.get(key).map(|claim| (claim.id, claim.hold)) {
                self.end_claim(key, |released, sequence| released.note_expired(sequence, id, hold));
            }
        }
        self.expire_subscriptions(now);
        while let Some(sequence) = self.exhausted.expired(now) {
            self.remove(sequence);
        }
        while let Some(sequence) = self.kept.ended(now) {
            self.lose(sequence);
        }
        while let Some((at, number)) = self.chunk_events.first().copied().filter(|(at, _)| *at <= now) {
            self.chunk_events.remove(&(at, number));
            self.advance_chunk(number, now);
        }
        self.expire_failures(now);
    }

    fn advance_chunk(&mut self, number: u64, now: Timestamp) {
        let Some(chunk) = self.chunks.get_mut(&number) else { return };
        chunk.next_event = Timestamp::NEVER;
        let mut next = Timestamp::NEVER;
        let mut expired = Vec::new();
        let mut within_reach = Vec::new();
        for (place, entry, available) in chunk.iter_from(0) {
            if entry.expires <= now {
                expired.push(number * CHUNK + u64::from(place));
                continue;
            }
            next = next.min(entry.expires);
            if entry.delayed_until > now {
                next = next.min(entry.delayed_until);
            } else if !available && entry.claim.is_none() {
                within_reach.push(place);
            }
        }
        within_reach.into_iter().for_each(|place| chunk.set_available(place, true));
        self.note_availability(number);
        self.expect_event(number, next);
        expired.into_iter().for_each(|sequence| self.remove(sequence));
    }

    /// Takes a message that is not exhausted out of its place and its claim.
    fn take(&mut self, sequence: u64) -> Option<Entry> {
        self.get(sequence)?;
        self.detach(sequence);
        self.released.forget(sequence);
        let number = sequence / CHUNK;
        let chunk = self.chunks.get_mut(&number)?;
        let entry = chunk.remove(place_of(sequence))?;
        if chunk.is_empty() {
            self.chunk_events.remove(&(chunk.next_event, number));
            self.chunks.remove(&number);
        }
        self.note_availability(number);
        self.live -= 1;
        Some(entry)
    }

    /// Puts a message under a claim, which is made if it is new.
    pub(crate) fn hold(&mut self, sequence: u64, claim: ClaimId, hold: Hold) {
        if self.get(sequence).is_none() {
            return;
        }
        self.detach(sequence);
        self.released.forget(sequence);
        let key = self.claims.open(claim, hold);
        if self.claims.get(key).is_some_and(|claim| claim.hold != hold) {
            // A message that comes from another store knows of a later renewal.
            self.claims.set_hold(key, hold);
        }
        if let Some(entry) = self.entry_mut(sequence) {
            entry.claim = Some(key);
            self.claimed += 1;
        }
        self.claims.add_member(key, sequence);
        self.set_available(sequence, false);
    }

    /// Sets a message aside as claimed too often.
    pub(crate) fn exhaust(&mut self, sequence: u64) {
        let id = self.id_of(sequence);
        if let Some(entry) = self.take(sequence) {
            self.exhausted.insert(sequence, id, entry);
        }
    }

    /// Takes a message out of its claim, which ends if that was its last.
    fn detach(&mut self, sequence: u64) {
        if let Some(entry) = self.entry_mut(sequence)
            && let Some(key) = entry.claim.take()
        {
            self.claimed -= 1;
            self.claims.remove_member(key, sequence);
        }
    }

    fn entry_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        self.chunks.get_mut(&(sequence / CHUNK))?.get_mut(place_of(sequence))
    }

    fn set_available(&mut self, sequence: u64, available: bool) {
        let number = sequence / CHUNK;
        if let Some(chunk) = self.chunks.get_mut(&number) {
            chunk.set_available(place_of(sequence), available);
        }
        self.note_availability(number);
    }

    fn note_availability(&mut self, number: u64) {
        if self.chunks.get(&number).is_some_and(Chunk::has_available) {
            self.available.insert(number);
        } else {
            self.available.remove(&number);
        }
    }

    /// Time does something to a chunk at `at`, or earlier.
    fn expect_event(&mut self, number: u64, at: Timestamp) {
        if let Some(chunk) = self.chunks.get_mut(&number)
            && at < chunk.next_event
        {
            self.chunk_events.remove(&(chunk.next_event, number));
            chunk.next_event = at;
            self.chunk_events.insert((at, number));
        }
    }

    fn forget_id(&mut self, sequence: u64) {
        if let Some(ForeignId { id, .. }) = self.ids.id_of.remove(&sequence)
            && self.ids.sequence_of.get(&id) == Some(&sequence)
        {
            self.ids.sequence_of.remove(&id);
        }
    }
}

/// The id of a message that was posted here as the queue's `sequence`th.
pub(crate) fn native_id(id_prefix: u64, sequence: u64) -> MessageId {
    MessageId::from_u128((u128::from(id_prefix) << 64) | u128::from(sequence))
}

fn native_sequence(id_prefix: u64, id: MessageId) -> Option<u64> {
    let id = id.as_u128();
    let sequence = id & u128::from(u64::MAX);
    (id >> 64 == u128::from(id_prefix)).then(|| u64::try_from(sequence).unwrap_or_default())
}

#[allow(clippy::cast_possible_truncation, reason = "less than 64")]
const fn place_of(sequence: u64) -> u32 {
    (sequence % CHUNK) as u32
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
