//! The catalogue: which pool holds which queue, and which queues are moving.

use redis::Value;
use zaqar_model::{
    Destination, DestinationNumber, Marker, Page, PageRequest, PoolName, QueueMove, ServerId, Timestamp,
};
use zaqar_storage::{Catalogue, StorageError, StorageResult, TakenMove};

use crate::RedisManagementStore;
use crate::connection::{Reply, damaged};
use crate::management::{
    ASSIGNED, LEFT, MOVES, MOVING, NUMBERS, QUEUES_OF_POOLS, name_of, number, of, paged,
};
use crate::moves::{name, needed, noted, record, with_pools};
use crate::records::{destination, millis};
use crate::scripts;

fn bytes(queue: &DestinationNumber) -> Vec<u8> {
    number(*queue).to_vec()
}

#[async_trait::async_trait]
impl Catalogue for RedisManagementStore {
    async fn assign(
        &self,
        queue: DestinationNumber,
        expected: Option<&PoolName>,
        to: Option<&PoolName>,
    ) -> StorageResult<Option<PoolName>> {
        let call = self.call(&scripts::ASSIGN, &[]).arg(&number(queue)).arg(name(expected)).arg(name(to));
        let holds = match self.in_use.write(call).await? {
            Value::Nil => return Err(StorageError::NotFound("pool")),
            holds => holds.bytes()?,
        };
        (!holds.is_empty()).then(|| name_of(&holds, PoolName::new)).transpose()
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        let found = self.field(ASSIGNED, &number(queue)).await?;
        found.map(|pool| name_of(&pool, PoolName::new)).transpose()
    }

    async fn queues_of(
        &self,
        pool: &PoolName,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        let listed = self.listed(QUEUES_OF_POOLS, NUMBERS);
        let read = |_: &[u8], record: &[u8]| destination(record);
        let items = self.page(&listed, &of(pool.as_str()), page, bytes, read).await?;
        Ok(paged(items, |queue| queue.number))
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let call = self
            .call(&scripts::LEAVE, &[])
            .arg(&number(queue))
            .arg(from.as_str())
            .arg(&last.get().to_be_bytes());
        match self.in_use.write(call).await?.int()? {
            0 => Ok(()),
            _ => Err(StorageError::Conflict("the queue is not assigned to this pool")),
        }
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        let Some(last) = self.field(LEFT, &number(queue)).await? else { return Ok(None) };
        let last: [u8; 8] = last.try_into().map_err(|_| damaged())?;
        Ok(Some(Marker::new(u64::from_be_bytes(last))))
    }

    async fn put_move(&self, noted: &QueueMove, seen: Option<&QueueMove>) -> StorageResult<()> {
        let needed_now = needed(noted);
        let call = self
            .call(&scripts::PUT_MOVE, &[])
            .arg(&number(noted.queue.number))
            .arg(record(noted))
            .arg(seen.map(record).unwrap_or_default())
            .arg(needed_now.len());
        let call = with_pools(with_pools(call, &needed_now), &seen.map(needed).unwrap_or_default());
        match self.in_use.write(call).await?.int()? {
            0 => Ok(()),
            1 => Err(StorageError::Conflict("the move was changed meanwhile")),
            _ => Err(StorageError::NotFound("pool")),
        }
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        self.field(MOVES, &number(queue)).await?.map(|record| noted(&record)).transpose()
    }

    async fn list_moves(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<QueueMove, DestinationNumber>> {
        let listed = self.listed(MOVING, MOVES);
        let read = |_: &[u8], record: &[u8]| noted(record);
        Ok(paged(self.page(&listed, b"", page, bytes, read).await?, |noted| noted.queue.number))
    }

    async fn take_move(
        &self,
        queue: DestinationNumber,
        owner: ServerId,
        until: Timestamp,
        now: Timestamp,
    ) -> StorageResult<TakenMove> {
        let call = self
            .call(&scripts::TAKE_MOVE, &[])
            .arg(&number(queue))
            .arg(&owner.as_u128().to_be_bytes())
            .arg(millis(until))
            .arg(millis(now));
        let record = match self.in_use.write(call).await? {
            Value::Nil => return Ok(TakenMove::NoMove),
            record => record.bytes()?,
        };
        if record.is_empty() { Ok(TakenMove::HeldByAnother) } else { noted(&record).map(TakenMove::Taken) }
    }

    async fn switch(&self, noted: &QueueMove, from: Option<&PoolName>) -> StorageResult<bool> {
        let call = self
            .call(&scripts::SWITCH, &[])
            .arg(&number(noted.queue.number))
            .arg(record(noted))
            .arg(name(from))
            .arg(name(noted.to.as_ref()));
        Ok(self.in_use.write(call).await?.int()? == 1)
    }

    async fn end_move(&self, noted: &QueueMove) -> StorageResult<bool> {
        let call = self.call(&scripts::END_MOVE, &[]).arg(&number(noted.queue.number)).arg(record(noted));
        Ok(self.in_use.write(with_pools(call, &needed(noted))).await?.int()? == 1)
    }
}
