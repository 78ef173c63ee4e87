//! How the values of the model lie in the store: what the scripts read is in fixed places at the beginning.
//!
//! The scripts count with IEEE 754 doubles, so no number is above 2^53: later moments are [`Timestamp::NEVER`].

use bytes::Bytes;
use redis::Value;
use uuid::Uuid;
use zaqar_model::{
    BatchId, Body, ClaimId, ClientId, Destination, DestinationKind, DestinationNumber, Marker, Message,
    MessageId, NewMessage, ProjectId, QueueName, StoredMessage, Timestamp, TtlSeconds,
};
use zaqar_storage::StorageResult;

use crate::connection::{Reply, damaged};
use crate::fields::Fields;

/// The largest whole number of which a double holds all below.
const LARGEST: u64 = (1 << 53) - 1;

/// What of a head is set, as `queue.lua` has it.
const LETTER: u8 = 1;
const FOREIGN: u8 = 2;
const UNOWED: u8 = 4;
const CHECKSUM: u8 = 8;

/// Where a message is, as `queue.lua` has it.
pub(crate) const IN_QUEUE: u8 = 0;
pub(crate) const DEAD: u8 = 3;
pub(crate) const RETAINED: u8 = 4;

pub(crate) const fn millis(at: Timestamp) -> u64 {
    if at.as_millis() < LARGEST { at.as_millis() } else { LARGEST }
}

pub(crate) const fn timestamp(millis: u64) -> Timestamp {
    if millis >= LARGEST { Timestamp::NEVER } else { Timestamp::from_millis(millis) }
}

/// A limit beyond all that there can be is none.
pub(crate) fn limit(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(LARGEST).min(LARGEST)
}

pub(crate) fn position(marker: Marker) -> u64 {
    marker.get().min(LARGEST)
}

/// The second half of the id of a message that is posted: nobody who was not told the batch can guess it, and its last 16
/// bits tell whether an id was made for this queue.
pub(crate) const fn nonce(queue: DestinationNumber, batch: BatchId, nth: u64) -> u64 {
    let (high, low) = Uuid::from_u128(batch.as_u128()).as_u64_pair();
    let seed = mixed(high ^ mixed(low));
    let drawn = mixed(seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15))) & !0xffff;
    drawn | check(queue, drawn)
}

/// Whether an id may be that of a message that was posted to this queue.
pub(crate) const fn may_be_of(queue: DestinationNumber, id: MessageId) -> bool {
    let (position, nonce) = Uuid::from_u128(id.as_u128()).as_u64_pair();
    position > 0 && position < LARGEST && nonce & 0xffff == check(queue, nonce & !0xffff)
}

pub(crate) const fn message_id(position: u64, nonce: u64) -> MessageId {
    MessageId::from_u128(Uuid::from_u64_pair(position, nonce).as_u128())
}

const fn check(queue: DestinationNumber, drawn: u64) -> u64 {
    mixed(queue.get() ^ drawn) >> 48
}

/// Every bit of the result depends on every bit of the value (`splitmix64`).
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A moment as the scripts read it.
#[allow(clippy::cast_precision_loss, reason = "a number below 2^53")]
pub(crate) fn double(at: Timestamp) -> [u8; 8] {
    (millis(at) as f64).to_le_bytes()
}

/// What never changes of a message, but for its body.
struct Head<'a> {
    expires: Timestamp,
    delayed_until: Timestamp,
    created: Timestamp,
    ttl: TtlSeconds,
    count: u32,
    flags: u8,
    id: u128,
    client: &'a ClientId,
    checksum: Option<&'a str>,
}

impl Head<'_> {
    fn bytes(&self) -> Vec<u8> {
        let client = self.client.as_str().as_bytes();
        let mut bytes = Vec::with_capacity(53 + client.len() + self.checksum.map_or(0, str::len));
        for at in [self.expires, self.delayed_until, self.created] {
            bytes.extend(double(at));
        }
        bytes.extend(self.ttl.get().to_le_bytes());
        bytes.extend(self.count.to_le_bytes());
        bytes.push(self.flags | if self.checksum.is_some() { CHECKSUM } else { 0 });
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(u32::try_from(client.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(client);
        bytes.extend(self.checksum.unwrap_or_default().as_bytes());
        bytes
    }
}

/// The head of a message that is posted. Of its id, the place is not known yet.
pub(crate) fn new_head(message: &NewMessage, client: &ClientId, nonce: u64, now: Timestamp) -> Vec<u8> {
    let head = Head {
        expires: message.ttl.after(now),
        delayed_until: message.delay.after(now),
        created: now,
        ttl: message.ttl,
        count: 0,
        flags: 0,
        id: u128::from(nonce),
        client,
        checksum: message.checksum.as_deref(),
    };
    head.bytes()
}

/// The head of a message that comes from elsewhere.
pub(crate) fn foreign_head(stored: &StoredMessage, is_owed: bool) -> Vec<u8> {
    head_of(stored, is_owed, FOREIGN, stored.message.id.as_u128())
}

/// The head of a message that keeps its place: where the id tells it, it need not be noted.
pub(crate) fn head_at(position: u64, stored: &StoredMessage, is_owed: bool) -> Vec<u8> {
    let (place, nonce) = Uuid::from_u128(stored.message.id.as_u128()).as_u64_pair();
    if place == position {
        return head_of(stored, is_owed, 0, u128::from(nonce));
    }
    foreign_head(stored, is_owed)
}

fn head_of(stored: &StoredMessage, is_owed: bool, foreign: u8, id: u128) -> Vec<u8> {
    let letter = if stored.is_letter { LETTER } else { 0 };
    let head = Head {
        expires: stored.expires,
        delayed_until: stored.delayed_until,
        created: stored.message.created,
        ttl: stored.message.ttl,
        count: stored.message.claim_count,
        flags: foreign | letter | if is_owed { 0 } else { UNOWED },
        id,
        client: &stored.client,
        checksum: stored.message.checksum.as_deref(),
    };
    head.bytes()
}

/// A message in its place, as it was before anything happened to it, and what has happened.
pub(crate) struct Placed {
    pub(crate) position: u64,
    /// Where it is out of the queue: as a dead letter, or for subscribers only.
    pub(crate) kind: u8,
    /// Whether subscribers are owed it.
    pub(crate) is_owed: bool,
    pub(crate) stored: StoredMessage,
    /// Until when it is claimed or delayed.
    pub(crate) till: Timestamp,
    pub(crate) renewed: Timestamp,
    pub(crate) claim_ttl: TtlSeconds,
}

impl Placed {
    /// From position, head, state and body, as scripts return them.
    pub(crate) fn read(parts: &mut impl Iterator<Item = Value>) -> StorageResult<Option<Self>> {
        let Some(position) = parts.next() else { return Ok(None) };
        let (Some(head), Some(state), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(damaged());
        };
        let mut placed = placed(position.number()?, &head.bytes()?, body.bytes()?)?;
        placed.change(&state.bytes()?)?;
        Ok(Some(placed))
    }

    pub(crate) fn read_all(mut parts: impl Iterator<Item = Value>) -> StorageResult<Vec<Self>> {
        let mut all = Vec::new();
        while let Some(placed) = Self::read(&mut parts)? {
            all.push(placed);
        }
        Ok(all)
    }

    fn change(&mut self, state: &[u8]) -> StorageResult<()> {
        if state.is_empty() {
            return Ok(());
        }
        let mut fields = Fields(state);
        self.kind = fields.u8()?;
        self.stored.expires = fields.moment()?;
        self.till = fields.moment()?;
        self.stored.message.ttl = TtlSeconds::new(fields.u32()?);
        self.stored.message.claim_count = fields.u32()?;
        let claim = fields.u128()?;
        self.stored.message.claim = (claim != 0).then(|| ClaimId::from_u128(claim));
        self.renewed = fields.moment()?;
        self.claim_ttl = TtlSeconds::new(fields.u32()?);
        Ok(())
    }

    /// As a client sees it now.
    pub(crate) fn seen_at(mut self, now: Timestamp) -> Message {
        if self.till <= now {
            self.stored.message.claim = None;
        }
        self.stored.message
    }
}

fn placed(position: u64, head: &[u8], body: Bytes) -> StorageResult<Placed> {
    let mut fields = Fields(head);
    let (expires, delayed_until, created) = (fields.moment()?, fields.moment()?, fields.moment()?);
    let (ttl, claim_count) = (TtlSeconds::new(fields.u32()?), fields.u32()?);
    let (flags, id) = (fields.u8()?, fields.u128()?);
    let client = ClientId::new(&fields.text()?);
    let checksum = (flags & CHECKSUM != 0).then(|| String::from_utf8_lossy(fields.0).into_owned());
    let id = if flags & FOREIGN == 0 { u128::from(position) << 64 | id } else { id };
    let message = Message {
        id: MessageId::from_u128(id),
        ttl,
        created,
        body: Body::from_bytes(body),
        checksum,
        claim: None,
        claim_count,
    };
    let is_letter = flags & LETTER != 0;
    let stored = StoredMessage { message, client, expires, delayed_until, is_letter };
    let is_owed = flags & UNOWED == 0;
    let (till, renewed, claim_ttl) = (delayed_until, created, TtlSeconds::new(0));
    Ok(Placed { position, kind: IN_QUEUE, is_owed, stored, till, renewed, claim_ttl })
}

/// Id and time of posting, from position and head.
pub(crate) fn id_and_created(position: Value, head: Value) -> StorageResult<(MessageId, Timestamp)> {
    let message = placed(position.number()?, &head.bytes()?, Bytes::new())?.stored.message;
    Ok((message.id, message.created))
}

/// A destination, as a hash of a queue keeps it.
pub(crate) fn destination_bytes(destination: &Destination) -> Vec<u8> {
    let kind = match destination.kind {
        DestinationKind::Queue => 0,
        DestinationKind::Topic => 1,
        DestinationKind::Confirmations => 2,
    };
    let mut bytes = vec![kind];
    bytes.extend(destination.number.get().to_be_bytes());
    for text in [destination.project.as_str(), destination.name.as_str()] {
        bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

pub(crate) fn destination(bytes: &[u8]) -> StorageResult<Destination> {
    let mut fields = Fields(bytes);
    let kind = match fields.u8()? {
        0 => DestinationKind::Queue,
        1 => DestinationKind::Topic,
        _ => DestinationKind::Confirmations,
    };
    let number = DestinationNumber::new(u64::from_be_bytes(fields.take()?));
    let project = ProjectId::new(&fields.text()?).map_err(|_| damaged())?;
    let name = QueueName::new(&fields.text()?).map_err(|_| damaged())?;
    Ok(Destination { kind, project, name, number })
}

#[cfg(test)]
mod tests {
    use zaqar_model::{
        BatchId, Destination, DestinationKind, DestinationNumber, MessageId, ProjectId, QueueName, Timestamp,
    };

    use super::{destination, destination_bytes, may_be_of, message_id, millis, nonce, timestamp};

    #[test]
    fn an_id_tells_its_queue() {
        let (queue, other) = (DestinationNumber::new(9), DestinationNumber::new(10));
        let batch = BatchId::from_u128(77);
        let id = message_id(5, nonce(queue, batch, 0));
        assert!(may_be_of(queue, id) && !may_be_of(other, id));
        assert_ne!(nonce(queue, batch, 0), nonce(queue, batch, 1));
        assert!(!may_be_of(queue, MessageId::from_u128(u128::MAX)));
    }

    #[test]
    fn the_end_of_time_comes_back() {
        for at in [Timestamp::NEVER, Timestamp::from_millis(1_780_000_000_001)] {
            assert_eq!(timestamp(millis(at)), at);
        }
    }

    #[test]
    fn a_destination_comes_back() {
        let own = Destination {
            kind: DestinationKind::Topic,
            project: ProjectId::new("p").unwrap(),
            name: QueueName::new("q").unwrap(),
            number: DestinationNumber::new(u64::MAX),
        };
        assert_eq!(destination(&destination_bytes(&own)).unwrap(), own);
    }
}
