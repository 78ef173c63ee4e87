//! Checkpoints: the indexes on disk, so that opening reads the log only from there on.
//!
//! A checkpoint is written while the store works. It names a position of the log, followed by the state of each queue
//! at some moment after that position was committed; parts of a deep queue may be from different moments. Opening
//! applies the records behind the position to queues that already have some of them. That is safe, since each record
//! states its outcome in absolute terms. Everything that the queues knew is durable before the checkpoint becomes
//! valid, so no record that it relies on can be lost.

mod deliveries;

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, MessageId, ProjectId, QueueName, Timestamp, TtlSeconds,
};

use crate::disk::Disk;
use crate::index::{Entry, QueueIndex, StoredSubscription};
use crate::kinds;
use crate::log::{
    FieldWriter, Fields, ForeignId, Location, Malformed, Position, SubscriptionRecord, decode_lease,
    encode_lease,
};
use crate::queues::{Queue, Queues};

pub(crate) const FILE: &str = "checkpoint";
const MAGIC: u32 = u32::from_le_bytes(*b"ZQCP");
/// Earlier versions have the same layout. Version 3 has no suspended subscriptions, and version 2 has no deliveries
/// under way either.
pub(crate) const VERSION: u32 = 4;
/// The version before deliveries. It is still read.
const WITHOUT_DELIVERIES: u32 = 1;
/// Bytes of one message in a checkpoint. No other frequent entry takes more.
pub(crate) const BYTES_PER_MESSAGE: u64 = 64;

/// Maximum number of messages written under one lock of a queue.
const SLICE: usize = 4096;
/// Ends a list of messages: no message has this sequence number.
const END: u64 = 0;

/// Encodes the indexes as they are now, behind `position`.
pub(crate) fn encode(position: Position, queues: &Queues) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut out = FieldWriter::new(&mut bytes);
    out.u32(MAGIC);
    out.u32(VERSION);
    out.u32(position.segment);
    out.u64(position.offset);
    out.u64(position.commit);
    let dropped = queues.remembered_drops();
    out.count(dropped.len());
    dropped.iter().for_each(|number| out.u64(*number));
    // What lives in another store is among the dropped ones.
    let mut all = queues.all();
    all.retain(|queue| !queues.lock(queue).is_dropped);
    out.count(all.len());
    for queue in &all {
        encode_queue(queues, queue, &mut bytes);
    }
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Replaces the last checkpoint.
pub(crate) fn write(disk: &dyn Disk, directory: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = directory.join(format!("{FILE}.new"));
    let written = || -> io::Result<()> {
        let file = disk.create(&new, 0)?;
        file.write_at(bytes, 0)?;
        file.sync()?;
        disk.rename(&new, &directory.join(FILE))?;
        disk.sync_directory(directory)
    };
    written().inspect_err(|_| {
        // A partial file must not fill the disk.
        let _ = disk.remove(&new);
    })
}

/// Why a checkpoint cannot be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// There is none: a new store, or one that has not written any yet.
    Absent,
    Damaged,
    /// A newer server wrote it.
    UnknownVersion(u32),
    Unreadable(io::Error),
}

/// Reads the last checkpoint into `queues`, which are empty. Returns the position where the log continues.
pub(crate) fn read(disk: &dyn Disk, directory: &Path, queues: &Queues) -> Result<Position, Unusable> {
    let file = match disk.open(&directory.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unusable::Absent),
        opened => opened.map_err(Unusable::Unreadable)?,
    };
    let size = file.size().and_then(|size| usize::try_from(size).map_err(io::Error::other));
    let mut bytes = vec![0; size.map_err(Unusable::Unreadable)?];
    file.read_at(&mut bytes, 0).map_err(Unusable::Unreadable)?;
    let (content, checksum) = bytes.split_last_chunk::<4>().ok_or(Unusable::Damaged)?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
        return Err(Unusable::Damaged);
    }
    let mut fields = Fields::new(content);
    match (fields.u32(), fields.u32()) {
        (Ok(MAGIC), Ok(version @ (WITHOUT_DELIVERIES..=VERSION))) => {
            decode(&mut fields, version, queues).map_err(|Malformed| Unusable::Damaged)
        }
        (Ok(MAGIC), Ok(version)) => Err(Unusable::UnknownVersion(version)),
        _ => Err(Unusable::Damaged),
    }
}

fn decode(fields: &mut Fields<'_>, version: u32, queues: &Queues) -> Result<Position, Malformed> {
    let position = Position { segment: fields.u32()?, offset: fields.u64()?, commit: fields.u64()? };
    fields.list(8, |fields| fields.u64())?.into_iter().for_each(|number| queues.forget(number));
    for _ in 0..fields.u32()? {
        decode_queue(fields, version, queues)?;
    }
    Ok(position)
}

fn encode_queue(queues: &Queues, queue: &Queue, bytes: &mut Vec<u8>) {
    let mut out = FieldWriter::new(bytes);
    out.u64(queue.number);
    match queue.identity.get() {
        None => out.u8(0),
        Some(identity) => {
            out.u8(1 + kinds::number_of(identity.kind));
            out.text(identity.project.as_str());
            out.text(identity.name.as_str());
        }
    }
    let mut foreign = Vec::new();
    {
        let locked = queues.lock(queue);
        let exhausted = locked.index.dead_letters.iter().map(|(sequence, _, _)| sequence);
        foreign
            .extend(exhausted.filter_map(|sequence| Some((sequence, locked.index.foreign_id_of(sequence)?))));
        encode_few(&locked.index, &mut out);
    }
    let mut from = END + 1;
    loop {
        let locked = queues.lock(queue);
        let index = &locked.index;
        let before = from;
        for (sequence, entry, _) in index.iter_from(from).take(SLICE) {
            encode_entry(sequence, entry, &mut out);
            foreign.extend(index.foreign_id_of(sequence).map(|id| (sequence, id)));
            from = sequence.saturating_add(1);
        }
        if from == before {
            break;
        }
    }
    out.u64(END);
    let mut from = END + 1;
    loop {
        // After the queued messages: a message that leaves the queue meanwhile is found here.
        let locked = queues.lock(queue);
        let before = from;
        for (sequence, entry) in locked.index.retained.iter_from(from).take(SLICE) {
            encode_entry(sequence, entry, &mut out);
            foreign.extend(locked.index.foreign_id_of(sequence).map(|id| (sequence, id)));
            from = sequence.saturating_add(1);
        }
        if from == before {
            break;
        }
    }
    out.u64(END);
    out.count(foreign.len());
    for (sequence, ForeignId { id, posted }) in foreign {
        out.u64(sequence);
        out.u128(id.as_u128());
        out.u8(u8::from(posted));
    }
}

/// The small parts of a queue, all from one moment: claims, dead-lettered messages, subscriptions.
fn encode_few(index: &QueueIndex, out: &mut FieldWriter<'_>) {
    out.u64(index.next_sequence);
    let claims: Vec<_> = index.claims.iter().collect();
    out.count(claims.len() + index.released.all_last().len());
    for claim in &claims {
        encode_lease(claim.lease, out);
        out.count(claim.members.len());
        claim.members.iter().for_each(|sequence| out.u64(*sequence));
    }
    // Claims that have expired: they expire again when this is read.
    for (sequence, lease) in index.released.all_last() {
        encode_lease(lease, out);
        out.count(1);
        out.u64(sequence);
    }
    out.count(index.dead_letters.len());
    for (sequence, id, entry) in index.dead_letters.iter() {
        out.u128(id.as_u128());
        encode_entry(sequence, entry, out);
    }
    out.count(index.subscriptions.len());
    for subscription in index.subscriptions.iter_behind(None) {
        subscription.record().encode(out);
        deliveries::encode(index, subscription.id, out);
    }
}

fn decode_queue(fields: &mut Fields<'_>, version: u32, queues: &Queues) -> Result<(), Malformed> {
    let number = fields.u64()?;
    let queue = queues.recover(number);
    if let Some(kind) = fields.u8()?.checked_sub(1) {
        let kind = kinds::kind_of(kind).ok_or(Malformed)?;
        let identity = identity(number, kind, fields.text()?, fields.text()?)?;
        queue.identity.get_or_init(|| identity);
        queue.identity_is_logged.store(true, Ordering::Relaxed);
    }
    let next_sequence = fields.u64()?;
    let claims =
        fields.list(32, |fields| Ok((decode_lease(fields)?, fields.list(8, |fields| fields.u64())?)))?;
    let exhausted = fields.list(80, |fields| {
        let id = MessageId::from_u128(fields.u128()?);
        Ok((id, decode_entry(fields)?))
    })?;
    let subscriptions = fields.list(41, |fields| {
        if version == WITHOUT_DELIVERIES {
            return Ok((StoredSubscription::from(&SubscriptionRecord::decode_1(fields)?), None));
        }
        let subscription = StoredSubscription::from(&SubscriptionRecord::decode(fields)?);
        Ok((subscription, Some(deliveries::Deliveries::decode(fields)?)))
    })?;
    let mut messages = Vec::new();
    while let Some(message) = decode_entry(fields)? {
        messages.push(message);
    }
    let mut kept = Vec::new();
    while version != WITHOUT_DELIVERIES
        && let Some(message) = decode_entry(fields)?
    {
        kept.push(message);
    }
    let foreign = fields.list(24, |fields| {
        let (sequence, id) = (fields.u64()?, MessageId::from_u128(fields.u128()?));
        let posted = version != WITHOUT_DELIVERIES && fields.u8()? != 0;
        Ok((sequence, ForeignId { id, posted }))
    })?;
    let mut locked = queues.lock(&queue);
    for (_, entry) in &messages {
        queues.segments.mark_live(entry.location);
    }
    locked.index.restore(next_sequence, messages, foreign);
    for (id, message) in exhausted {
        let (sequence, entry) = message.ok_or(Malformed)?;
        queues.segments.mark_live(entry.location);
        locked.index.dead_letters.insert(sequence, id, entry);
    }
    for (lease, members) in claims {
        members.into_iter().for_each(|sequence| locked.index.attach(sequence, lease));
    }
    for (sequence, entry) in kept {
        queues.segments.mark_live(entry.location);
        locked.index.restore_retained(sequence, entry);
    }
    let mut all = Vec::new();
    for (subscription, deliveries) in subscriptions {
        all.extend(deliveries.map(|deliveries| (subscription.id, deliveries)));
        locked.index.subscribe(subscription);
    }
    deliveries::Deliveries::restore(all, &mut locked.index, &queues.segments);
    queue.tail.store(locked.index.next_sequence, Ordering::Relaxed);
    Ok(())
}

/// The queue or topic named by a log or checkpoint.
pub(crate) fn identity(
    number: u64,
    kind: DestinationKind,
    project: &str,
    name: &str,
) -> Result<Destination, Malformed> {
    Ok(Destination {
        kind,
        project: ProjectId::new(project).map_err(|_| Malformed)?,
        name: QueueName::new(name).map_err(|_| Malformed)?,
        number: DestinationNumber::new(number),
    })
}

fn encode_location(location: Location, out: &mut FieldWriter<'_>) {
    out.u32(location.segment);
    out.u32(location.offset);
    out.u32(location.length);
}

fn decode_location(fields: &mut Fields<'_>) -> Result<Location, Malformed> {
    Ok(Location { segment: fields.u32()?, offset: fields.u32()?, length: fields.u32()? })
}

fn encode_entry(sequence: u64, entry: &Entry, out: &mut FieldWriter<'_>) {
    out.u64(sequence);
    encode_location(entry.location, out);
    out.u32(entry.ttl.get());
    out.u32(entry.claim_count);
    out.u64(entry.client);
    out.u64(entry.created.as_millis());
    out.u64(entry.expires.as_millis());
    out.u64(entry.delayed_until.as_millis());
}

/// Returns `None` at the end of the list.
fn decode_entry(fields: &mut Fields<'_>) -> Result<Option<(u64, Entry)>, Malformed> {
    let sequence = fields.u64()?;
    if sequence == END {
        return Ok(None);
    }
    let location = decode_location(fields)?;
    let entry = Entry {
        location,
        ttl: TtlSeconds::new(fields.u32()?),
        claim_count: fields.u32()?,
        claim: None,
        client: fields.u64()?,
        created: Timestamp::from_millis(fields.u64()?),
        expires: Timestamp::from_millis(fields.u64()?),
        delayed_until: Timestamp::from_millis(fields.u64()?),
    };
    Ok(Some((sequence, entry)))
}
