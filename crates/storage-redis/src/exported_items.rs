//! How what moves lies in the store: a message with its state, and a batch.

use zaqar_model::{
    BatchId, ClaimLease, DestinationNumber, ExportedBatch, ExportedMessage, Marker, MessageId, Timestamp,
    TtlSeconds,
};
use zaqar_storage::StorageResult;

use crate::connection::damaged;
use crate::records::{DEAD, IN_QUEUE, Placed, RETAINED, double, message_id, nonce, timestamp};

/// Before the ids of a batch that another store took. Of one of this store, the first position and the count stand there.
const KEPT: u8 = b'i';

/// A message on its way out.
pub(crate) fn moving_message(placed: Placed) -> ExportedMessage {
    let Placed { position, kind, is_owed, mut stored, renewed, claim_ttl, .. } = placed;
    let hold = stored.message.claim.map(|id| ClaimLease { id, ttl: claim_ttl, renewed });
    // The hold says it.
    stored.message.claim = None;
    ExportedMessage {
        position: Marker::new(position),
        stored,
        hold,
        exhausted: kind == DEAD,
        posted: is_owed,
        kept: kind == RETAINED,
    }
}

/// The state of a message on its way in, and whether it needs none: nothing has happened to it.
pub(crate) fn moving_state(moving: &ExportedMessage, now: Timestamp) -> (Vec<u8>, bool) {
    let stored = &moving.stored;
    let kind = match (moving.exhausted, moving.kept) {
        (true, _) => DEAD,
        (_, true) => RETAINED,
        _ => IN_QUEUE,
    };
    let hold = moving.hold.filter(|_| kind == IN_QUEUE);
    let till = hold.map_or(stored.delayed_until, |hold| hold.ends().min(stored.expires));
    let mut bytes = vec![kind];
    bytes.extend(double(stored.expires));
    bytes.extend(double(till));
    bytes.extend(stored.message.ttl.get().to_le_bytes());
    bytes.extend(stored.message.claim_count.to_le_bytes());
    bytes.extend(hold.map_or(0, |hold| hold.id.as_u128()).to_be_bytes());
    bytes.extend(double(hold.map_or_else(Timestamp::default, |hold| hold.renewed)));
    bytes.extend(hold.map_or(TtlSeconds::new(0), |hold| hold.ttl).get().to_le_bytes());
    let is_plain =
        kind == IN_QUEUE && hold.is_none() && stored.message.claim_count == 0 && stored.delayed_until <= now;
    (bytes, is_plain)
}

/// A batch that was posted to a queue, from what is kept of it.
pub(crate) fn batch(
    queue: DestinationNumber,
    id: &[u8],
    kept: &[u8],
    posted: u64,
) -> StorageResult<ExportedBatch> {
    let id: [u8; 16] = id.try_into().map_err(|_| damaged())?;
    let id = BatchId::from_u128(u128::from_be_bytes(id));
    let posted = timestamp(posted);
    if kept.first() == Some(&KEPT) {
        return Ok(ExportedBatch { id, posted, messages: kept_ids(kept)? });
    }
    let text = String::from_utf8_lossy(kept);
    let (first, count) = text.split_once(' ').unwrap_or((&text, "1"));
    let (first, count): (u64, u64) = first.parse().ok().zip(count.parse().ok()).ok_or_else(damaged)?;
    let messages = (0..count).map(|nth| message_id(first + nth, nonce(queue, id, nth))).collect();
    Ok(ExportedBatch { id, posted, messages })
}

/// What is kept of a batch that comes from another store, or comes back.
pub(crate) fn kept_batch(queue: DestinationNumber, batch: &ExportedBatch) -> Vec<u8> {
    let first = batch.messages.first().map_or(0, |id| (id.as_u128() >> 64) as u64);
    let own = (first..).zip(0..).map(|(at, nth)| message_id(at, nonce(queue, batch.id, nth)));
    if own.zip(&batch.messages).all(|(own, id)| own == *id) {
        return format!("{first} {}", batch.messages.len()).into_bytes();
    }
    std::iter::once(KEPT).chain(batch.messages.iter().flat_map(|id| id.as_u128().to_be_bytes())).collect()
}

/// The ids of a batch that another store took.
pub(crate) fn kept_ids(kept: &[u8]) -> StorageResult<Vec<MessageId>> {
    let (ids, rest) = kept.get(1..).unwrap_or_default().as_chunks::<16>();
    if !rest.is_empty() {
        return Err(damaged());
    }
    Ok(ids.iter().map(|id| MessageId::from_u128(u128::from_be_bytes(*id))).collect())
}

#[cfg(test)]
mod tests {
    use zaqar_model::{BatchId, DestinationNumber, ExportedBatch, MessageId, Timestamp};

    use super::{batch, kept_batch};
    use crate::records::{message_id, nonce};

    #[test]
    fn a_batch_comes_back() {
        let (queue, id) = (DestinationNumber::new(9), BatchId::from_u128(77));
        let own: Vec<MessageId> = (0..3).map(|nth| message_id(5 + nth, nonce(queue, id, nth))).collect();
        for messages in [own, vec![MessageId::from_u128(3), MessageId::from_u128(u128::MAX)], vec![]] {
            let moving = ExportedBatch { id, posted: Timestamp::from_millis(8), messages };
            let kept = kept_batch(queue, &moving);
            assert_eq!(batch(queue, &id.as_u128().to_be_bytes(), &kept, 8).unwrap(), moving);
        }
    }
}
