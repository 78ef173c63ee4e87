//! Opening and closing the message store.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use zaqar_model::{IdSource, RandomIds, StoreId, Timestamp};
use zaqar_storage::{
    Capabilities, Deliveries, Health, MessageStore, Migration, StorageError, StorageResult, Subscriptions,
    Volume,
};

use crate::checkpoint::{self, Unusable};
use crate::disk::{Disk, LocalDisk};
use crate::index::{AttemptEntry, QueueIndex};
use crate::log::{
    Appender, CursorRecord, DeliveryStateRecord, Dropped, Location, LoggedAttempt, Position, Record,
    Recovery, Segment, SegmentHeader, Segments, UnknownVersion, replay,
};
use crate::maintenance::Maintenance;
use crate::queues::Queues;
use crate::writer::LogWriter;
use crate::{DataDirectory, Durability, OpenError};

/// Options for opening a message store.
#[derive(Clone, Debug)]
pub struct Options {
    pub durability: Durability,
    /// Size of a log file in bytes. There are at least two: the current one and one in reserve.
    pub segment_size: u64,
    /// The file system. Tests inject one that fails.
    pub disk: Arc<dyn Disk>,
    /// Source of the salt that distinguishes the message ids of this store from those of others.
    pub ids: Arc<dyn IdSource>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Fsync,
            segment_size: 64 << 20,
            disk: Arc::new(LocalDisk),
            ids: Arc::new(RandomIds),
        }
    }
}

/// Stores messages, claims and subscriptions in a segmented log.
#[derive(Debug)]
pub struct EmbeddedMessageStore {
    pub(crate) queues: Arc<Queues>,
    pub(crate) writer: Arc<LogWriter>,
    pub(crate) maintenance: Arc<Mutex<Maintenance>>,
    durability: Durability,
    dropped: Vec<Dropped>,
    /// The lock of the data directory, if the store has a part in it: closing the store gives it up.
    data: Mutex<Option<Arc<DataDirectory>>>,
}

impl EmbeddedMessageStore {
    /// Opens the store in `messages/` under a data directory, and creates it if it is missing. The caller holds the
    /// lock of the data directory. Blocks while the last checkpoint and the log behind it are read.
    pub fn open(data_directory: &Path, options: Options) -> Result<Self, OpenError> {
        let directory = data_directory.join("messages");
        let failed = |source| OpenError::Io { path: directory.clone(), source };
        std::fs::create_dir_all(&directory).map_err(failed)?;
        options.disk.sync_directory(data_directory).map_err(failed)?;
        let segments = Arc::new(Segments::new(options.disk, &directory, options.segment_size));
        let headers = open_segments(&segments)?;
        let salt = headers.iter().flatten().map(|header| header.salt).next();
        segments.set_salt(salt.unwrap_or_else(|| salt_from(&*options.ids)));
        let queues = Arc::new(Queues::new(Arc::clone(&segments)));
        let checkpoint = read_checkpoint(&segments, &queues)?;
        let oldest = segments.all().first().map(|segment| segment.number);
        let recovery = replay(&segments, &headers, checkpoint, |location, record| {
            apply(&queues, location, &record);
        })
        .map_err(failed)?;
        for dropped in &recovery.dropped {
            tracing::warn!(directory = %directory.display(), "{dropped}");
        }
        if checkpoint.is_none() && oldest.is_some_and(|oldest| oldest > 1) {
            // An earlier run may have assigned sequence numbers of which no trace is left.
            queues.raise_sequences(recovery.sequence_floor);
        }
        queues.remove_before(oldest.unwrap_or_default());
        queues.release_unneeded();
        let Recovery { end, sequence_floor, dropped, last } = recovery;
        let sequence_floor = queues.sequence_floor().max(sequence_floor);
        let appender = if oldest.is_none() {
            let salt = segments.salt();
            let (version, first_commit) = (crate::log::FORMAT_VERSION, 1);
            let header =
                SegmentHeader { version, number: 1, previous_end: 0, first_commit, sequence_floor, salt };
            Appender::begin(Arc::clone(&segments), header)
        } else {
            let version = headers.last().and_then(Option::as_ref).map(|header| header.version);
            Appender::resume(Arc::clone(&segments), end, last, version.unwrap_or_default())
        };
        let appender = appender.map_err(failed)?;
        let writer = LogWriter::start(appender, Arc::clone(&queues), options.durability, sequence_floor);
        let writer = Arc::new(writer.map_err(failed)?);
        let maintenance = Maintenance::new(Arc::clone(&queues), Arc::clone(&writer), checkpoint);
        Ok(Self {
            queues,
            writer,
            maintenance: Arc::new(Mutex::new(maintenance)),
            durability: options.durability,
            dropped,
            data: Mutex::default(),
        })
    }

    /// Opens a store that has a part in the lock of its data directory. Closing the store gives it up.
    pub fn open_in(data: Arc<DataDirectory>, options: Options) -> Result<Self, OpenError> {
        let store = Self::open(data.path(), options)?;
        *store.data.lock() = Some(data);
        Ok(store)
    }

    /// The capabilities of a store with this durability.
    pub const fn capabilities_with(durability: Durability) -> Capabilities {
        Capabilities {
            fifo: true,
            claims: true,
            durability: matches!(durability, Durability::Fsync),
            at_least_once: true,
            high_throughput: true,
            shared: false,
        }
    }

    /// One round of maintenance. The last one, when the store closes, always makes a checkpoint.
    async fn run_maintenance(&self, closing: bool) -> StorageResult<()> {
        let maintenance = Arc::clone(&self.maintenance);
        let round = move || {
            // Unless the store closes, a round that is in progress is enough.
            let locked = if closing { Some(maintenance.lock()) } else { maintenance.try_lock() };
            locked.map_or(Ok(()), |mut maintenance| maintenance.round(closing))
        };
        tokio::task::spawn_blocking(round).await.map_err(StorageError::driver)?
    }

    /// The parts of the log that could not be read when the store was opened.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }
}

/// Fills the empty queues from the last checkpoint. Returns the position where the log continues behind it.
fn read_checkpoint(segments: &Segments, queues: &Queues) -> Result<Option<Position>, OpenError> {
    let path = || segments.directory.join(checkpoint::FILE);
    let position = match checkpoint::read(&*segments.disk, &segments.directory, queues) {
        Ok(position) => position,
        Err(Unusable::Absent) => return Ok(None),
        Err(Unusable::Unreadable(source)) => return Err(OpenError::Io { path: path(), source }),
        Err(Unusable::UnknownVersion(found)) => {
            let (found, known) = (u64::from(found), u64::from(checkpoint::VERSION));
            return Err(OpenError::NewerFormat { path: path(), found, known });
        }
        Err(Unusable::Damaged) => {
            tracing::error!(path = %path().display(), "the checkpoint is damaged: reading the whole log");
            queues.reset();
            return Ok(None);
        }
    };
    // While the checkpoint is valid, the segment of its position is never retired.
    match segments.get(position.segment) {
        Some(_) => Ok(Some(position)),
        None => Err(missing(segments, position.segment)),
    }
}

fn salt_from(ids: &dyn IdSource) -> u64 {
    let [high, low] = [ids.next_u128() >> 64, ids.next_u128()].map(|half| half & u128::from(u64::MAX));
    u64::try_from(high ^ low).unwrap_or_default()
}

/// Opens the files of the log, oldest first. Returns the headers that could be read.
fn open_segments(segments: &Segments) -> Result<Vec<Option<SegmentHeader>>, OpenError> {
    let failed = |path: PathBuf| move |source: io::Error| OpenError::Io { path, source };
    let names = segments.disk.list(&segments.directory).map_err(failed(segments.directory.clone()))?;
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| Segments::number_of(name)).collect();
    numbers.sort_unstable();
    let mut headers = Vec::new();
    for (place, number) in numbers.iter().copied().enumerate() {
        if place > 0 && numbers[place - 1].checked_add(1) != Some(number) {
            return Err(missing(segments, numbers[place - 1].saturating_add(1)));
        }
        let path = segments.path(number);
        let file = segments.disk.open(&path).map_err(failed(path.clone()))?;
        let header = read_header(&*file).map_err(failed(path.clone()))?;
        let header = header.map_err(|UnknownVersion(found)| OpenError::NewerFormat {
            path: path.clone(),
            found: u64::from(found),
            known: u64::from(crate::log::FORMAT_VERSION),
        })?;
        if header.is_none() {
            tracing::error!(path = %path.display(), "the header of this segment of the log is damaged");
        }
        headers.push(header.filter(|header| header.number == number));
        segments.add(Arc::new(Segment::new(number, file)));
    }
    Ok(headers)
}

fn read_header(
    file: &dyn crate::disk::DiskFile,
) -> io::Result<Result<Option<SegmentHeader>, UnknownVersion>> {
    let length = usize::try_from(file.size()?).unwrap_or(usize::MAX).min(crate::log::SEGMENT_BODY);
    let mut bytes = vec![0; length];
    file.read_at(&mut bytes, 0)?;
    Ok(SegmentHeader::decode(&bytes))
}

fn missing(segments: &Segments, number: u32) -> OpenError {
    let source =
        "this segment of the log is missing: the messages in it would be lost without a further error";
    OpenError::Damaged { path: segments.path(number), source: source.into() }
}

/// Applies a record of the log to the indexes. They may know of it already.
fn apply(queues: &Queues, location: Location, record: &Record<'_>) {
    match record {
        Record::Message(message) => {
            let queue = queues.recover(message.destination);
            queue.tail.fetch_max(message.sequence.saturating_add(1), Ordering::Relaxed);
            queues.segments.mark_live(location);
            queues.lock(&queue).index.recover(location, message);
        }
        Record::Claim(claim) => with(queues, claim.destination, |index| index.claim(claim)),
        Record::Renew { destination, lease, grace } => {
            with(queues, *destination, |index| index.renew(*lease, *grace));
        }
        Record::Release { destination, claim } => with(queues, *destination, |index| index.release(*claim)),
        Record::Delete { destination, sequences } => {
            with(queues, *destination, |index| sequences.iter().for_each(|sequence| index.remove(*sequence)));
        }
        Record::Purge { destination, below } => with(queues, *destination, |index| index.purge(*below)),
        Record::Drop { destination } => {
            with(queues, *destination, QueueIndex::clear);
            queues.forget(*destination);
        }
        Record::Subscribe { destination, subscription } => {
            let queue = queues.recover(*destination);
            queues.lock(&queue).index.subscribe(subscription.into());
        }
        Record::Unsubscribe { destination, subscription } => {
            with(queues, *destination, |index| index.unsubscribe(*subscription));
        }
        Record::DeliveryState(DeliveryStateRecord { destination, subscription, states }) => {
            with(queues, *destination, |index| {
                for (sequence, standing) in states.iter() {
                    index.set_state(*subscription, *sequence, standing.clone());
                }
            });
        }
        Record::Attempt(LoggedAttempt { destination, subscription, number, message, attempt, .. }) => {
            with(queues, *destination, |index| {
                queues.segments.mark_live(location);
                let entry = AttemptEntry { location, message: *message, at: attempt.at };
                index.add_attempt(*subscription, *number, entry);
            });
        }
        Record::Cursor(CursorRecord { destination, subscription, reset, front, states }) => {
            with(queues, *destination, |index| {
                index.resume(*subscription, *reset, *front, states.iter().cloned());
            });
        }
        Record::Discard { destination, sequences } => {
            with(queues, *destination, |index| {
                sequences.iter().for_each(|sequence| index.discard(*sequence));
            });
        }
        Record::Skip { destination, below } => {
            let queue = queues.recover(*destination);
            queue.tail.fetch_max(*below, Ordering::Relaxed);
            queues.lock(&queue).index.skip(*below);
        }
        Record::Destination { destination, kind, project, name } => {
            let queue = queues.recover(*destination);
            if let Ok(identity) = checkpoint::identity(*destination, *kind, project, name) {
                queue.identity.get_or_init(|| identity);
                queue.identity_is_logged.store(true, Ordering::Relaxed);
            }
        }
    }
}

fn with(queues: &Queues, number: u64, change: impl FnOnce(&mut QueueIndex)) {
    if let Some(queue) = queues.find(number) {
        change(&mut queues.lock(&queue).index);
    }
}

#[async_trait::async_trait]
impl MessageStore for EmbeddedMessageStore {
    fn capabilities(&self) -> Capabilities {
        Self::capabilities_with(self.durability)
    }

    /// The salt of its log.
    fn identity(&self) -> Option<StoreId> {
        Some(StoreId::from_u128(self.queues.segments.salt().into()))
    }

    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        Some(self)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        Some(self)
    }

    fn migration(&self) -> Option<&dyn Migration> {
        Some(self)
    }

    async fn is_alive(&self) -> bool {
        self.writer.check().is_ok()
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        let mut volume = Volume::default();
        for queue in self.queues.all() {
            // What lives in another store is counted there.
            let Ok(locked) = self.queues.lock_at(&queue, now).here() else { continue };
            volume.claimed += locked.index.claimed();
            volume.free += locked.index.live() - locked.index.claimed();
        }
        Ok(Health { reachable: self.is_alive().await, volume: Some(volume) })
    }

    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        self.writer.check_open()?;
        self.queues.forget_left(now);
        let queues = Arc::clone(&self.queues);
        tokio::task::spawn_blocking(move || queues.advance(now)).await.map_err(StorageError::driver)?;
        let recorded = self.record_all_orphaned_leases(now).await;
        self.run_maintenance(false).await?;
        recorded
    }

    async fn close(&self) -> StorageResult<()> {
        // The last checkpoint makes the next start short. Without it nothing is lost.
        if let Err(error) = self.run_maintenance(true).await {
            tracing::warn!(%error, "could not write the final checkpoint: the next start takes longer");
        }
        let writer = Arc::clone(&self.writer);
        let closed = tokio::task::spawn_blocking(move || writer.close()).await.map_err(StorageError::driver);
        // No more deliveries become due: wake those who wait for one.
        self.queues.schedule.changed.notify_waiters();
        self.queues.all().iter().for_each(|queue| queue.arrivals.notify_waiters());
        drop(self.data.lock().take());
        closed
    }
}
