//! Migration: a queue goes to another store with everything in it, while it stays in use.

use zaqar_model::{Destination, ExportedItem, MoveId, Timestamp};

use crate::StorageResult;

/// A part of a queue on its way to another store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportPage {
    /// In the order in which they are to be imported.
    pub items: Vec<ExportedItem>,
    /// Asks for the next page, and says that these items have arrived.
    pub next: ExportCursor,
    /// With these items the importer has everything up to this moment. Of a sealed queue: has everything.
    pub is_caught_up: bool,
}

/// How far an export has come, in the store's own words. The default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportCursor(pub String);

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportStep {
    /// The first items: what is there of the queue, from an earlier attempt or an earlier time, is dropped before.
    Begin,
    More,
    /// The last items: the queue is complete.
    End,
}

/// Reads a queue out of one store and puts it into another.
///
/// # How a queue moves
///
/// A *mover* carries the move out; its attempt has a [`MoveId`]. The catalogue says where the queue lives.
///
/// 1. The mover begins an [export](Self::begin_export) at the source and an [import](Self::import) at the target.
/// 2. It carries page after page over, until it has [caught up](ExportPage::is_caught_up). The queue is in use at the source
///    all the time; the source notes what changes behind the export, and exports it again.
/// 3. It [seals](Self::seal) the queue at the source. From now on the source refuses it: [`StorageError::Moved`].
/// 4. It carries the rest over, and ends the import.
/// 5. The catalogue says from now on that the queue lives at the target, if no other mover has taken over.
/// 6. The target [opens](Self::open) the queue. The source [lets go of it](Self::leave).
///
/// If a step before the fifth fails, the mover [abandons](Self::abandon_export) the export, and the queue stays in use at the
/// source. If the mover dies, another one begins anew.
///
/// # The fence is in the stores
///
/// Any server may go by an entry of the catalogue that has changed meanwhile, for as long as it was stopped. So a store itself
/// refuses a queue that lives elsewhere: one that is sealed, one that has left, and one that is arriving and not yet open.
/// For each of them, **every call of the other traits that names the queue** returns [`StorageError::Moved`], reading ones too,
/// and does nothing; never does it look empty or unknown. The exceptions:
///
/// * [`lease`](crate::Deliveries::lease) passes it over, and [`due`](crate::Deliveries::due),
///   [`with_ended_claims`](crate::Claims::with_ended_claims) and
///   [`with_dead_letters`](crate::DeadLetters::with_dead_letters) leave it out.
/// * [`record`](crate::Deliveries::record) returns `Moved` after it has recorded what is about other queues.
/// * [`move_dead_letters`](crate::DeadLetters::move_dead_letters) returns `Moved` if either queue lives elsewhere.
/// * [`drop_destination`](crate::Messages::drop_destination) drops it, and leaves a tombstone that returns `Moved` for a day.
///
/// # A mover that was overtaken does no harm
///
/// The ids of two attempts at one queue say which is the later one. With a queue, and with its tombstone, a store keeps the id
/// of the latest mover that it has heard of, and refuses each call of an earlier one with `Conflict`. A later one ends what an
/// earlier one has under way.
///
/// # How to keep track of changes
///
/// Nothing is to be noted of a queue that does not move, and then nothing should be paid. In SQL a row that was exported may
/// carry a mark, and a trigger `WHEN (OLD.exported)` note its key in a table; what was never exported is found by reading
/// on. The state of a move fits into the queue's header, which each script and statement reads anyway.
///
/// A page must be of one moment (one snapshot, one script): of a subscription, its deliveries and its messages.
///
/// A store that belongs to one process may forget exports, seals and imports when it is opened again. Its movers have ended
/// with the process, and so has everyone who could go by an old entry of the catalogue; a mover that goes on gets `Conflict`.
///
/// # The order of the items
///
/// A subscription comes before the messages that stay for it; a delivery comes behind its message and its subscription, an
/// attempt behind its subscription. Of a sealed queue come, behind all others, the cursors of the subscriptions that are
/// notified, and then [`ExportedItem::End`]. An importer passes over a delivery or an attempt whose subscription or message it
/// does not know; but the attempt that a lease is for can still come on record when the message has expired.
///
/// [`StorageError::Moved`]: crate::StorageError::Moved
#[async_trait::async_trait]
pub trait Migration: Send + Sync {
    /// Begins to export a queue: from now on the store notes what changes in it. An export by an earlier mover is over, and its
    /// seal is taken off. `Moved` if the queue has left, or is arriving here; `NotFound` if it was dropped. A queue that the
    /// store never heard of can be exported: it holds nothing.
    ///
    /// May be repeated: it begins anew.
    async fn begin_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()>;

    /// The next items, at most `limit`, as they are now: first everything, a page at a time, then what has changed or gone since
    /// it was exported. A page that holds all that is left is caught up.
    ///
    /// Messages go along that are claimed, delayed or dead letters, and those that stay for subscribers alone. What has
    /// expired may be left out, unless subscribers are still owed it.
    ///
    /// May be repeated with the same cursor, as long as the next one was not used. `Conflict` if this mover exports nothing
    /// here (any more).
    async fn export(
        &self,
        from: &Destination,
        mover: MoveId,
        cursor: &ExportCursor,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<ExportPage>;

    /// Seals a queue: every later call about it is refused, and whoever waits for its messages is woken. Waits until the calls
    /// that are under way have ended: what any of them has acknowledged is exported.
    ///
    /// May be repeated. `Conflict` if this mover exports nothing here (any more).
    async fn seal(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()>;

    /// Ends the export of this mover and takes its seal off: the queue stays in use here. Nothing is to be done if this mover
    /// exports nothing here. May be repeated.
    async fn abandon_export(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()>;

    /// Lets go of what is here of a queue that lives elsewhere: sealed, arrived in part, or left from an earlier attempt. It
    /// leaves a tombstone, as a sealed queue does that is dropped. `Conflict` if a later mover is known here.
    ///
    /// May be repeated.
    async fn leave(&self, from: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()>;

    /// Takes items in. Until the queue is [opened](Self::open), nothing of it is leased, due, or expired away.
    ///
    /// [`Begin`](ImportStep::Begin) also lifts a tombstone: this is the one way in which the number of a destination is used
    /// again. Messages keep their positions, whatever store they are from, and stay under their claims; what is posted later
    /// comes behind them all and behind [`ExportedItem::End`], so that ids and markers stay good.
    ///
    /// Each step may be repeated. `Conflict` for more, or for the end, of a mover that is not the one that has begun.
    async fn import(
        &self,
        to: &Destination,
        mover: MoveId,
        step: ImportStep,
        items: &[ExportedItem],
        now: Timestamp,
    ) -> StorageResult<()>;

    /// Opens a queue whose import has ended: the catalogue says that it lives here. From now on it is in use; subscriptions
    /// are owed what lies behind their cursors and what is open. A later mover may open it, too: the one that has imported it
    /// may be dead. `Conflict` if the import has not ended, or a later mover is known here.
    ///
    /// May be repeated: nothing is to be done for a queue that is not arriving.
    async fn open(&self, to: &Destination, mover: MoveId, now: Timestamp) -> StorageResult<()>;
}
