//! Reading messages back from the log.

use std::sync::Arc;

use bytes::Bytes;
use zaqar_model::{ClaimId, ClientId, JsonText, Message, MessageId, StoredMessage};
use zaqar_storage::{StorageError, StorageResult};

use crate::index::{Entry, QueueIndex};
use crate::log::{Location, MessageRecord, Segment, Segments};

/// A message that was found in an index: what the log does not know, and where the rest lies.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    id: MessageId,
    entry: Entry,
    claim: Option<ClaimId>,
    /// Keeps the file from being used again while it is read.
    segment: Option<Arc<Segment>>,
}

impl Found {
    /// Called under the queue's lock: while the message lives its segment does.
    pub(crate) fn new(segments: &Segments, index: &QueueIndex, sequence: u64, entry: &Entry) -> Self {
        Self {
            id: index.id_of(sequence),
            entry: *entry,
            claim: entry.claim.and_then(|key| index.claims.get(key)).map(|claim| claim.id),
            segment: segments.get(entry.location.segment),
        }
    }

    pub(crate) fn exhausted(segments: &Segments, id: MessageId, entry: &Entry) -> Self {
        Self { id, entry: *entry, claim: None, segment: segments.get(entry.location.segment) }
    }

    fn stored(&self, record: &Bytes) -> Option<StoredMessage> {
        let client = MessageRecord::read(record).ok()?.client.to_string();
        Some(StoredMessage {
            client: ClientId::new(&client),
            expires: self.entry.expires,
            delayed_until: self.entry.delayed_until,
            message: self.message(record)?,
        })
    }

    fn message(&self, record: &Bytes) -> Option<Message> {
        let read = MessageRecord::read(record).ok()?;
        let checksum = (!read.checksum.is_empty()).then(|| read.checksum.to_owned());
        Some(Message {
            id: self.id,
            ttl: self.entry.ttl,
            created: self.entry.created,
            body: JsonText::from_checked(record.slice_ref(read.body)),
            checksum,
            claim: self.claim,
            claim_count: self.entry.claim_count,
        })
    }
}

/// Reads the messages that were found, in their order.
pub(crate) async fn messages(found: Vec<Found>) -> StorageResult<Vec<Message>> {
    read(found, Found::message).await
}

/// The same, with all that travels with a message.
pub(crate) async fn stored_messages(found: Vec<Found>) -> StorageResult<Vec<StoredMessage>> {
    read(found, Found::stored).await
}

async fn read<T: Send + 'static>(
    found: Vec<Found>,
    decode: fn(&Found, &Bytes) -> Option<T>,
) -> StorageResult<Vec<T>> {
    // Most messages are in the page cache: a look is cheaper than a change of threads.
    let cached: Option<Vec<Option<Bytes>>> = found
        .iter()
        .map(|found| found.segment.as_ref().and_then(|segment| segment.read_cached(found.entry.location)))
        .map(|record| record.map(Some))
        .collect();
    match cached {
        Some(records) => Ok(decode_all(&found, &records, decode)),
        None => tokio::task::spawn_blocking(move || {
            let records: Vec<Option<Bytes>> = found.iter().map(read_blocking).collect();
            decode_all(&found, &records, decode)
        })
        .await
        .map_err(StorageError::driver),
    }
}

fn read_blocking(found: &Found) -> Option<Bytes> {
    let segment = found.segment.as_ref()?;
    let read = segment.read(found.entry.location);
    read.inspect_err(|error| tracing::error!(%error, segment = segment.number, "cannot read a message")).ok()
}

fn decode_all<T>(
    found: &[Found],
    records: &[Option<Bytes>],
    decode: fn(&Found, &Bytes) -> Option<T>,
) -> Vec<T> {
    found
        .iter()
        .zip(records)
        .filter_map(|(found, record)| {
            let decoded = record.as_ref().and_then(|record| decode(found, record));
            if decoded.is_none() {
                // One damaged message must not keep all the others from being read.
                let Location { segment, offset, length } = found.entry.location;
                let id = found.id;
                tracing::error!(%id, segment, offset, length, "a message is damaged on disk and was left out");
            }
            decoded
        })
        .collect()
}
