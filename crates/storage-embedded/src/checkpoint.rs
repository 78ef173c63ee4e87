//! Checkpoints: the indexes on disk, so that opening reads the log only from there on.
//!
//! A checkpoint is made while the store works. It names a position of the log, and then says of each queue how it was
//! at some moment after that position was committed. Reading it back applies the records behind the position to
//! queues that know some of them already; every record states its outcome in absolute terms, and messages up to the
//! commit that the queue had last shown are passed over, so that one deleted meanwhile does not come back.

use std::io;
use std::path::Path;

use zaqar_model::{
    ClaimId, Destination, DestinationKind, DestinationNumber, MessageId, ProjectId, QueueName, Timestamp,
    TtlSeconds,
};

use crate::disk::Disk;
use crate::index::Entry;
use crate::log::{FieldWriter, Fields, Hold, Location, Malformed, Position};
use crate::queues::{Queue, Queues, State};

const FILE: &str = "checkpoint";
const MAGIC: u32 = u32::from_le_bytes(*b"ZQCP");
const VERSION: u32 = 1;
/// The bytes of one message in a checkpoint.
pub(crate) const BYTES_PER_MESSAGE: u64 = 64;

/// Writes the indexes down as they are now, behind `position`. Answers how large that became.
pub(crate) fn write(
    disk: &dyn Disk,
    directory: &Path,
    position: Position,
    queues: &Queues,
) -> io::Result<u64> {
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
    let all = queues.all();
    out.count(all.len());
    for queue in &all {
        let locked = queues.lock(queue);
        encode_queue(queue, &locked, &mut bytes);
    }
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    let new = directory.join(format!("{FILE}.new"));
    let file = disk.create(&new, 0)?;
    file.write_at(&bytes, 0)?;
    file.sync()?;
    disk.rename(&new, &directory.join(FILE))?;
    disk.sync_directory(directory)?;
    Ok(bytes.len() as u64)
}

/// Why a checkpoint cannot be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// There is none: a new store, or one that has not needed any yet.
    Absent,
    Damaged,
    Unreadable(io::Error),
}

/// Reads the last checkpoint into `queues`, which are empty. Answers the position to go on from.
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
    decode(content, queues).map_err(|Malformed| Unusable::Damaged)
}

fn decode(content: &[u8], queues: &Queues) -> Result<Position, Malformed> {
    let mut fields = Fields::new(content);
    if fields.u32()? != MAGIC || fields.u32()? != VERSION {
        return Err(Malformed);
    }
    let position = Position { segment: fields.u32()?, offset: fields.u64()?, commit: fields.u64()? };
    fields.list(8, |fields| fields.u64())?.into_iter().for_each(|number| queues.forget(number));
    for _ in 0..fields.u32()? {
        decode_queue(&mut fields, queues)?;
    }
    Ok(position)
}

fn encode_queue(queue: &Queue, state: &State, bytes: &mut Vec<u8>) {
    let mut out = FieldWriter::new(bytes);
    out.u64(queue.number);
    match queue.identity.get() {
        None => out.u8(0),
        Some(identity) => {
            out.u8(if identity.kind == DestinationKind::Topic { 2 } else { 1 });
            out.text(identity.project.as_str());
            out.text(identity.name.as_str());
        }
    }
    out.u64(state.published);
    let index = &state.index;
    out.u64(index.next_sequence);
    let claims: Vec<_> = index.claims.iter().collect();
    out.count(claims.len());
    for claim in &claims {
        out.u128(claim.id.as_u128());
        claim.hold.encode(&mut out);
        out.count(claim.members.len());
        claim.members.iter().for_each(|sequence| out.u64(*sequence));
    }
    out.u64(index.live());
    let mut foreign = Vec::new();
    for (sequence, entry, _) in index.iter_from(0) {
        encode_entry(sequence, entry, &mut out);
        foreign.extend(index.foreign_id_of(sequence).map(|id| (sequence, id)));
    }
    out.u64(index.exhausted.len() as u64);
    for (sequence, entry) in &index.exhausted {
        encode_entry(*sequence, entry, &mut out);
        foreign.extend(index.foreign_id_of(*sequence).map(|id| (*sequence, id)));
    }
    out.count(foreign.len());
    for (sequence, id) in foreign {
        out.u64(sequence);
        out.u128(id.as_u128());
    }
}

fn decode_queue(fields: &mut Fields<'_>, queues: &Queues) -> Result<(), Malformed> {
    let number = fields.u64()?;
    let queue = queues.recover(number);
    let kind = fields.u8()?;
    if kind != 0 {
        let kind = if kind == 2 { DestinationKind::Topic } else { DestinationKind::Queue };
        let identity = identity(number, kind, fields.text()?, fields.text()?)?;
        queue.identity.get_or_init(|| identity);
        queue.identity_is_logged.store(true, std::sync::atomic::Ordering::Relaxed);
    }
    let mut locked = queues.lock(&queue);
    locked.published = fields.u64()?;
    let next_sequence = fields.u64()?;
    let claims = fields.list(28, |fields| {
        let id = ClaimId::from_u128(fields.u128()?);
        Ok((id, Hold::decode(fields)?, fields.list(8, |fields| fields.u64())?))
    })?;
    let mut messages = Vec::new();
    for _ in 0..fields.u64()? {
        messages.push(decode_entry(fields)?);
    }
    let mut exhausted = Vec::new();
    for _ in 0..fields.u64()? {
        exhausted.push(decode_entry(fields)?);
    }
    let foreign = fields.list(24, |fields| Ok((fields.u64()?, MessageId::from_u128(fields.u128()?))))?;
    for (_, entry) in messages.iter().chain(&exhausted) {
        queues.segments.note_live(entry.location);
    }
    locked.index.restore(next_sequence, messages, exhausted, claims, foreign);
    queue.tail.store(locked.index.next_sequence, std::sync::atomic::Ordering::Relaxed);
    Ok(())
}

/// The queue or topic that a log or checkpoint names.
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

fn encode_entry(sequence: u64, entry: &Entry, out: &mut FieldWriter<'_>) {
    out.u64(sequence);
    out.u32(entry.location.segment);
    out.u32(entry.location.offset);
    out.u32(entry.location.length);
    out.u32(entry.ttl.get());
    out.u32(entry.claim_count);
    out.u64(entry.client);
    out.u64(entry.created.as_millis());
    out.u64(entry.expires.as_millis());
    out.u64(entry.delayed_until.as_millis());
}

fn decode_entry(fields: &mut Fields<'_>) -> Result<(u64, Entry), Malformed> {
    let sequence = fields.u64()?;
    let location = Location { segment: fields.u32()?, offset: fields.u32()?, length: fields.u32()? };
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
    Ok((sequence, entry))
}
