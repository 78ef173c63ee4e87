//! The catalogue: which pool holds which queue, and which queues are moving.

use zaqar_model::{
    Destination, DestinationNumber, Marker, Page, PageRequest, PoolName, QueueMove, ServerId, Timestamp,
};

use crate::StorageResult;

/// Whether a server may carry a move out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenMove {
    /// It may, until the time that it has named. This is the move.
    Taken(QueueMove),
    /// Another server has it.
    HeldByAnother,
    /// No move of this queue is noted.
    NoMove,
}

/// Assigns queues and topics, by their numbers, to pools.
#[async_trait::async_trait]
pub trait Catalogue: Send + Sync {
    /// Assigns a queue to a pool, or to none, if it is assigned to `expected`; otherwise nothing is changed. Returns what the
    /// queue is assigned to afterwards. The last position that it has [left](Self::leave) is forgotten with the change, also
    /// when it goes from no pool to none. `NotFound` if it was to be assigned to a pool that does not exist.
    ///
    /// May be repeated: the result says what holds.
    async fn assign(
        &self,
        queue: DestinationNumber,
        expected: Option<&PoolName>,
        to: Option<&PoolName>,
    ) -> StorageResult<Option<PoolName>>;

    /// The pool that a queue is assigned to. It is asked for every message. Where that is a round trip, put
    /// [`CachedDestinations`](crate::CachedDestinations) over the store.
    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>>;

    /// The same, past any cache: asked when a store has said that the queue [lives elsewhere](crate::StorageError::Moved).
    async fn pool_of_now(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        self.pool_of(queue).await
    }

    /// The queues and topics that are assigned to a pool, in the order of their numbers, without those that were deleted. A
    /// page is short only at the end. A page may cost in proportion to the number of all queues: it is asked for when a pool is
    /// removed.
    async fn queues_of(
        &self,
        pool: &PoolName,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>>;

    /// Takes a queue that holds nothing out of its pool, if it is still assigned to `from`; `Conflict` otherwise. Until it is
    /// assigned again, the last position in it is kept, so that what is posted later stands behind the markers that clients
    /// have.
    ///
    /// May be repeated: nothing is done if the queue has left with this position already.
    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()>;

    /// The last position in a queue that has [left](Self::leave) its pool, and is assigned to none.
    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>>;

    /// Notes that a queue is on its way to another pool: as its first move (`seen` is `None`), or in place of the one that was
    /// seen. Whoever has [taken](Self::take_move) that one has this one too. `Conflict` if the move of this queue is not what
    /// was seen, `NotFound` if one of the pools does not exist. A pool that is part of a move is not deleted, as one that holds
    /// queues is not.
    ///
    /// May be repeated: nothing is done if the move is noted like this already.
    async fn put_move(&self, noted: &QueueMove, seen: Option<&QueueMove>) -> StorageResult<()>;

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>>;

    /// The moves that are under way, to take them up again, in the order of the queues' numbers. A page is short only at the
    /// end. The cost does not grow with the number of the queues that do not move.
    async fn list_moves(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<QueueMove, DestinationNumber>>;

    /// Takes a move, or keeps it for longer: until then no other server takes it. It is free where nobody has taken it, or
    /// where the time of the one who has is over by `now`. An `until` that is not behind `now` gives back what the owner has.
    ///
    /// May be repeated.
    async fn take_move(
        &self,
        queue: DestinationNumber,
        owner: ServerId,
        until: Timestamp,
        now: Timestamp,
    ) -> StorageResult<TakenMove>;

    /// The one step in which a queue goes from one pool to another: assigns it to where this move leads, if the move is noted
    /// like this still, and the queue is assigned to `from`. So an attempt that was overtaken changes nothing, since the next
    /// one is noted before it begins. Returns whether the move is noted like this and the queue is assigned to where it leads.
    ///
    /// May be repeated.
    async fn switch(&self, noted: &QueueMove, from: Option<&PoolName>) -> StorageResult<bool>;

    /// Forgets a move if it still is this one, whoever has taken it. Returns whether no move of the queue is noted afterwards.
    ///
    /// May be repeated.
    async fn end_move(&self, noted: &QueueMove) -> StorageResult<bool>;
}
