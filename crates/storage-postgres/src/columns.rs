//! How the values of the model lie in columns.

use bytes::Bytes;
use tokio_postgres::Row;
use uuid::Uuid;
use zaqar_model::{
    BatchId, Body, ClaimId, ClientId, Destination, DestinationKind, DestinationNumber, Marker, Message,
    MessageId, MoveId, ProjectId, QueueName, StoredMessage, SubscriptionId, Timestamp, TtlSeconds,
};
use zaqar_storage::StorageError;

use crate::connection::Failed;

/// The columns of `zaqar.messages m` that [`stored`] reads. What has a live claim at `$now` shows it.
macro_rules! message_columns {
    ($now:literal) => {
        concat!(
            "m.position, m.nonce, m.foreign_id, m.ttl, m.created, m.expires, m.delayed_until, m.claim_count, ",
            "CASE WHEN m.state = 2 AND m.visible_at > ",
            $now,
            " THEN m.claim END AS claim, m.letter, m.client, m.checksum, m.body"
        )
    };
}
pub(crate) use message_columns;

/// The id of the message `m`.
macro_rules! message_uuid {
    ($m:literal) => {
        concat!(
            "coalesce(",
            $m,
            ".foreign_id, (lpad(to_hex(",
            $m,
            ".position), 16, '0') || lpad(to_hex(",
            $m,
            ".nonce), 16, '0'))::uuid)"
        )
    };
}
pub(crate) use message_uuid;

/// The highest bit is turned over, so that the database orders numbers as the model does.
pub(crate) const fn number_of(destination: &Destination) -> i64 {
    signed(destination.number)
}

pub(crate) const fn signed(number: DestinationNumber) -> i64 {
    (number.get() ^ (1 << 63)).cast_signed()
}

pub(crate) const fn unsigned(number: i64) -> DestinationNumber {
    DestinationNumber::new(number.cast_unsigned() ^ (1 << 63))
}

pub(crate) fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn timestamp(millis: i64) -> Timestamp {
    if millis == i64::MAX { Timestamp::NEVER } else { Timestamp::from_millis(millis.max(0).unsigned_abs()) }
}

/// What is at most so many: a limit beyond all that there can be is none.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX - 1).min(i64::MAX - 1)
}

pub(crate) fn position(marker: Marker) -> i64 {
    i64::try_from(marker.get()).unwrap_or(i64::MAX)
}

pub(crate) const fn marker(position: i64) -> Marker {
    Marker::new(position.unsigned_abs())
}

pub(crate) const fn uuid_of_claim(id: ClaimId) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

pub(crate) const fn uuid_of_message(id: MessageId) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

pub(crate) const fn uuid_of_batch(id: BatchId) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

pub(crate) const fn uuid_of_subscription(id: SubscriptionId) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

pub(crate) const fn uuid_of_move(id: MoveId) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

/// The two halves of an id, as messages that were posted here have them: position and nonce.
pub(crate) const fn halves(id: MessageId) -> (i64, i64) {
    let (position, nonce) = Uuid::from_u128(id.as_u128()).as_u64_pair();
    (position.cast_signed(), nonce.cast_signed())
}

pub(crate) const fn message_id(position: i64, nonce: i64) -> MessageId {
    MessageId::from_u128(Uuid::from_u64_pair(position.cast_unsigned(), nonce.cast_unsigned()).as_u128())
}

/// The second half of the id of a message that is posted: nobody who was not told the batch can guess it, and its last 16
/// bits tell whether an id was made for this queue.
pub(crate) const fn nonce(queue: i64, batch: BatchId, nth: u64) -> i64 {
    let (high, low) = Uuid::from_u128(batch.as_u128()).as_u64_pair();
    let seed = mixed(high ^ mixed(low));
    let drawn = mixed(seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15))) & !0xffff;
    (drawn | check(queue, drawn)).cast_signed()
}

/// Whether an id may be that of a message that was posted to this queue.
pub(crate) const fn may_be_of(queue: i64, id: MessageId) -> bool {
    let (position, nonce) = halves(id);
    let nonce = nonce.cast_unsigned();
    position > 0 && nonce & 0xffff == check(queue, nonce & !0xffff)
}

const fn check(queue: i64, drawn: u64) -> u64 {
    mixed(queue.cast_unsigned() ^ drawn) >> 48
}

/// Every bit of the result depends on every bit of the value (`splitmix64`).
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A client: 16 bytes behind a one where it is a UUID, its text behind a zero otherwise.
pub(crate) fn client_bytes(client: &ClientId) -> Vec<u8> {
    match Uuid::try_parse(client.as_str()) {
        Ok(id) if ClientId::new(&id.to_string()) == *client => {
            let mut bytes = vec![1];
            bytes.extend_from_slice(id.as_bytes());
            bytes
        }
        _ => {
            let mut bytes = vec![0];
            bytes.extend_from_slice(client.as_str().as_bytes());
            bytes
        }
    }
}

fn client(bytes: &[u8]) -> ClientId {
    match bytes.split_first() {
        Some((1, id)) => {
            Uuid::from_slice(id).map_or_else(|_| ClientId::new(""), |id| ClientId::new(&id.to_string()))
        }
        Some((_, text)) => ClientId::new(&String::from_utf8_lossy(text)),
        None => ClientId::new(""),
    }
}

/// A text that clients or subscribers wrote.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn count_u32(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The id of a message: its place and nonce, or that of the queue that it comes from.
pub(crate) fn id_of(row: &Row) -> Result<MessageId, Failed> {
    if let Some(foreign) = row.try_get::<_, Option<Uuid>>("foreign_id")? {
        return Ok(MessageId::from_u128(foreign.as_u128()));
    }
    Ok(message_id(row.try_get("position")?, row.try_get("nonce")?))
}

pub(crate) fn stored(row: &Row) -> Result<StoredMessage, Failed> {
    Ok(StoredMessage {
        client: client(row.try_get("client")?),
        expires: timestamp(row.try_get("expires")?),
        delayed_until: timestamp(row.try_get("delayed_until")?),
        is_letter: row.try_get("letter")?,
        message: message(row)?,
    })
}

pub(crate) fn message(row: &Row) -> Result<Message, Failed> {
    let claim: Option<Uuid> = row.try_get("claim")?;
    let checksum: Option<&[u8]> = row.try_get("checksum")?;
    Ok(Message {
        id: id_of(row)?,
        ttl: TtlSeconds::new(count_u32(row.try_get("ttl")?)),
        created: timestamp(row.try_get("created")?),
        body: Body::from_bytes(Bytes::copy_from_slice(row.try_get("body")?)),
        checksum: checksum.map(text),
        claim: claim.map(|id| ClaimId::from_u128(id.as_u128())),
        claim_count: count_u32(row.try_get("claim_count")?),
    })
}

pub(crate) const fn kind_column(kind: DestinationKind) -> i16 {
    match kind {
        DestinationKind::Queue => 0,
        DestinationKind::Topic => 1,
        DestinationKind::Confirmations => 2,
    }
}

const fn kind_of(column: i16) -> DestinationKind {
    match column {
        0 => DestinationKind::Queue,
        1 => DestinationKind::Topic,
        _ => DestinationKind::Confirmations,
    }
}

/// A destination from the columns `number`, `kind`, `project` and `name`.
pub(crate) fn destination(row: &Row) -> Result<Destination, Failed> {
    let damaged = |_| Failed::Contract(StorageError::driver("the row of a queue is damaged"));
    let number: i64 = row.try_get("number")?;
    let (kind, name): (i16, &str) = (row.try_get("kind")?, row.try_get("name")?);
    let kind = kind_of(kind);
    let name = QueueName::new(name).map_err(damaged)?;
    let project = ProjectId::new(row.try_get("project")?).map_err(damaged)?;
    let number = unsigned(number);
    Ok(Destination { kind, project, name, number })
}

#[cfg(test)]
mod tests {
    use zaqar_model::{BatchId, ClientId, DestinationNumber, MessageId};

    use super::{client, client_bytes, halves, may_be_of, message_id, nonce, signed};

    #[test]
    fn numbers_keep_their_order() {
        let numbers = [0, 1, u64::MAX >> 1, (u64::MAX >> 1) + 1, u64::MAX].map(DestinationNumber::new);
        assert!(numbers.map(signed).is_sorted());
    }

    #[test]
    fn an_id_tells_its_queue() {
        let batch = BatchId::from_u128(77);
        let id = message_id(5 << 16, nonce(9, batch, 0));
        assert!(may_be_of(9, id) && !may_be_of(10, id));
        assert_eq!(halves(id), (5 << 16, nonce(9, batch, 0)));
        assert_ne!(nonce(9, batch, 0), nonce(9, batch, 1));
        assert!(!may_be_of(9, MessageId::from_u128(u128::MAX)));
    }

    #[test]
    fn a_client_comes_back_as_it_was() {
        for text in ["3381af92-2b9e-11e3-b191-71861300734c", "any \0 client", ""] {
            let id = ClientId::new(text);
            assert_eq!(client(&client_bytes(&id)), id);
        }
    }
}
