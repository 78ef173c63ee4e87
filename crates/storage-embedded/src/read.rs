//! Reading messages back from the log.

use std::sync::Arc;

use bytes::Bytes;
use zaqar_model::{Body, ClaimId, ClientId, Marker, Message, MessageId, StoredMessage};
use zaqar_storage::{ListedMessage, StorageError, StorageResult};

use crate::index::{Entry, QueueIndex};
use crate::log::{Location, MessageRecord, Segment, Segments};

/// Maximum gap in bytes that is read along with two records, to save a system call.
const LARGEST_GAP: u32 = 1024;

/// A message that was found in an index: the state that is only there, and the location of its record.
#[derive(Clone, Debug)]
pub(crate) struct LocatedMessage {
    id: MessageId,
    /// Zero where it does not matter.
    sequence: u64,
    entry: Entry,
    claim: Option<ClaimId>,
    /// Prevents the reuse of the file while it is read.
    segment: Option<Arc<Segment>>,
}

impl LocatedMessage {
    /// Called under the queue's lock: while the message is live, so is its segment.
    pub(crate) fn new(segments: &Segments, index: &QueueIndex, sequence: u64, entry: &Entry) -> Self {
        Self {
            id: index.id_of(sequence),
            sequence,
            entry: *entry,
            claim: entry.claim.and_then(|key| index.claims.get(key)).map(|claim| claim.lease.id),
            segment: segments.get(entry.location.segment),
        }
    }

    pub(crate) fn dead_letter(segments: &Segments, id: MessageId, entry: &Entry) -> Self {
        Self { id, sequence: 0, entry: *entry, claim: None, segment: segments.get(entry.location.segment) }
    }

    /// As a subscriber sees it, without a claim.
    pub(crate) fn owed(segments: &Segments, id: MessageId, entry: &Entry) -> Self {
        Self { entry: Entry { claim_count: 0, ..*entry }, ..Self::dead_letter(segments, id, entry) }
    }

    fn stored(&self, record: &Bytes) -> Option<StoredMessage> {
        let read = MessageRecord::read(record).ok()?;
        Some(StoredMessage {
            client: ClientId::new(&read.client.to_string()),
            expires: self.entry.expires,
            delayed_until: self.entry.delayed_until,
            is_letter: read.is_letter,
            message: self.combine(record, &read),
        })
    }

    /// The same message, known by its place.
    pub(crate) fn at(self, sequence: u64) -> Self {
        Self { sequence, ..self }
    }

    fn stored_at(&self, record: &Bytes) -> Option<(u64, StoredMessage)> {
        Some((self.sequence, self.stored(record)?))
    }

    fn listed(&self, record: &Bytes) -> Option<ListedMessage> {
        Some(ListedMessage {
            position: Marker::new(self.sequence),
            delayed_until: self.entry.delayed_until,
            message: self.message(record)?,
        })
    }

    fn message(&self, record: &Bytes) -> Option<Message> {
        MessageRecord::read(record).ok().map(|read| self.combine(record, &read))
    }

    /// Combines the record with the state in the index. The body shares the bytes that were read.
    fn combine(&self, record: &Bytes, read: &MessageRecord<'_>) -> Message {
        Message {
            id: self.id,
            ttl: self.entry.ttl,
            created: self.entry.created,
            body: Body::from_bytes(record.slice_ref(read.body)),
            checksum: (!read.checksum.is_empty()).then(|| read.checksum.to_owned()),
            claim: self.claim,
            claim_count: self.entry.claim_count,
        }
    }
}

/// Reads the messages in the order given.
pub(crate) async fn messages(found: Vec<LocatedMessage>) -> StorageResult<Vec<Message>> {
    read(found, LocatedMessage::message).await
}

/// The same, with their places.
pub(crate) async fn listed(found: Vec<LocatedMessage>) -> StorageResult<Vec<ListedMessage>> {
    read(found, LocatedMessage::listed).await
}

/// The same, with all that travels with a message.
pub(crate) async fn stored_messages(found: Vec<LocatedMessage>) -> StorageResult<Vec<StoredMessage>> {
    read(found, LocatedMessage::stored).await
}

/// The same, with the sequence numbers.
pub(crate) async fn stored_messages_at(
    found: Vec<LocatedMessage>,
) -> StorageResult<Vec<(u64, StoredMessage)>> {
    read(found, LocatedMessage::stored_at).await
}

async fn read<T: Send + 'static>(
    found: Vec<LocatedMessage>,
    decode: fn(&LocatedMessage, &Bytes) -> Option<T>,
) -> StorageResult<Vec<T>> {
    // Most messages are in the page cache: trying is cheaper than a change of threads.
    if let Some(records) = read_cached(&found) {
        return Ok(decode_all(&found, &records, decode));
    }
    let read = move || decode_all(&found, &read_blocking(&found), decode);
    tokio::task::spawn_blocking(read).await.map_err(StorageError::driver)
}

/// Reads all records, if none of them needs the device.
fn read_cached(found: &[LocatedMessage]) -> Option<Vec<Option<Bytes>>> {
    let mut records = Vec::with_capacity(found.len());
    for run in runs(found) {
        let bytes = run[0].segment.as_ref()?.read_cached(span(run))?;
        records.extend(slices(run, &bytes));
    }
    Some(records)
}

/// Reads the records that can be read.
fn read_blocking(found: &[LocatedMessage]) -> Vec<Option<Bytes>> {
    let mut records = Vec::with_capacity(found.len());
    for run in runs(found) {
        match read_span(run) {
            Some(bytes) => records.extend(slices(run, &bytes)),
            // An unreadable record must not make its neighbours unreadable.
            None => records.extend(run.iter().map(|found| read_span(std::slice::from_ref(found)))),
        }
    }
    records
}

fn read_span(run: &[LocatedMessage]) -> Option<Bytes> {
    let segment = run[0].segment.as_ref()?;
    let read = segment.read(span(run));
    read.inspect_err(|error| tracing::error!(%error, segment = segment.number, "cannot read messages")).ok()
}

/// Runs of neighbours on disk, each read at once.
fn runs(found: &[LocatedMessage]) -> impl Iterator<Item = &[LocatedMessage]> {
    found.chunk_by(|one, next| {
        let (one, next) = (one.entry.location, next.entry.location);
        one.segment == next.segment
            && next
                .offset
                .checked_sub(one.offset.saturating_add(one.length))
                .is_some_and(|gap| gap <= LARGEST_GAP)
    })
}

/// From the start of the first record of a run to the end of its last.
fn span(run: &[LocatedMessage]) -> Location {
    let (first, last) = (run[0].entry.location, run[run.len() - 1].entry.location);
    Location { length: (last.offset - first.offset).saturating_add(last.length), ..first }
}

fn slices(run: &[LocatedMessage], bytes: &Bytes) -> impl Iterator<Item = Option<Bytes>> {
    let start = span(run).offset;
    run.iter().map(move |found| {
        let Location { offset, length, .. } = found.entry.location;
        let from = (offset - start) as usize;
        Some(bytes.slice(from..from + length as usize))
    })
}

fn decode_all<T>(
    found: &[LocatedMessage],
    records: &[Option<Bytes>],
    decode: fn(&LocatedMessage, &Bytes) -> Option<T>,
) -> Vec<T> {
    found
        .iter()
        .zip(records)
        .filter_map(|(found, record)| {
            let decoded = record.as_ref().and_then(|record| decode(found, record));
            if decoded.is_none() {
                // A damaged message must not make the others unreadable.
                let Location { segment, offset, length } = found.entry.location;
                let id = found.id;
                tracing::error!(%id, segment, offset, length, "a message is damaged on disk and was skipped");
            }
            decoded
        })
        .collect()
}
