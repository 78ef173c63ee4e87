//! Pools, flavors and the catalogue, over a line that is cut.

use zaqar_model::{
    Destination, DestinationNumber, Flavor, FlavorName, Marker, Page, PageRequest, Pool, PoolName, QueueMove,
    ServerId, Timestamp,
};
use zaqar_storage::{Catalogue, Flavors, ManagementStore, PoolRegistry, Pools, StorageResult, TakenMove};

use super::CutStore;

impl CutStore<dyn ManagementStore> {
    fn registry(&self) -> &dyn PoolRegistry {
        self.store.pools().expect("the store has pools")
    }
}

#[async_trait::async_trait]
impl Pools for CutStore<dyn ManagementStore> {
    async fn put_pool(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<()> {
        self.repeat("put_pool", |_| self.registry().put_pool(pool, seen)).await
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        self.read("get_pool", self.registry().get_pool(name)).await
    }

    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        self.read("list_pools", self.registry().list_pools(page)).await
    }

    async fn pools_of_flavor(
        &self,
        flavor: Option<&FlavorName>,
        page: &PageRequest<PoolName>,
    ) -> StorageResult<Page<Pool, PoolName>> {
        self.read("pools_of_flavor", self.registry().pools_of_flavor(flavor, page)).await
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        self.repeat("delete_pool", |_| self.registry().delete_pool(name)).await
    }
}

#[async_trait::async_trait]
impl Flavors for CutStore<dyn ManagementStore> {
    async fn put_flavor(&self, flavor: &Flavor, seen: Option<&Flavor>) -> StorageResult<()> {
        self.repeat("put_flavor", |_| self.registry().put_flavor(flavor, seen)).await
    }

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>> {
        self.read("get_flavor", self.registry().get_flavor(name)).await
    }

    async fn list_flavors(&self, page: &PageRequest<FlavorName>) -> StorageResult<Page<Flavor, FlavorName>> {
        self.read("list_flavors", self.registry().list_flavors(page)).await
    }

    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()> {
        self.repeat("delete_flavor", |_| self.registry().delete_flavor(name)).await
    }
}

#[async_trait::async_trait]
impl Catalogue for CutStore<dyn ManagementStore> {
    async fn assign(
        &self,
        queue: DestinationNumber,
        expected: Option<&PoolName>,
        to: Option<&PoolName>,
    ) -> StorageResult<Option<PoolName>> {
        self.repeat("assign", |_| self.registry().assign(queue, expected, to)).await
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        self.read("pool_of", self.registry().pool_of(queue)).await
    }

    async fn pool_of_now(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        self.read("pool_of", self.registry().pool_of_now(queue)).await
    }

    async fn queues_of(
        &self,
        pool: &PoolName,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        self.read("queues_of", self.registry().queues_of(pool, page)).await
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        self.repeat("leave", |_| self.registry().leave(queue, from, last)).await
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        self.read("left_at", self.registry().left_at(queue)).await
    }

    async fn put_move(&self, noted: &QueueMove, seen: Option<&QueueMove>) -> StorageResult<()> {
        self.repeat("put_move", |_| self.registry().put_move(noted, seen)).await
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        self.read("get_move", self.registry().get_move(queue)).await
    }

    async fn list_moves(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<QueueMove, DestinationNumber>> {
        self.read("list_moves", self.registry().list_moves(page)).await
    }

    async fn take_move(
        &self,
        queue: DestinationNumber,
        owner: ServerId,
        until: Timestamp,
        now: Timestamp,
    ) -> StorageResult<TakenMove> {
        self.repeat("take_move", |_| self.registry().take_move(queue, owner, until, now)).await
    }

    async fn switch(&self, noted: &QueueMove, from: Option<&PoolName>) -> StorageResult<bool> {
        self.repeat("switch", |_| self.registry().switch(noted, from)).await
    }

    async fn end_move(&self, noted: &QueueMove) -> StorageResult<bool> {
        self.repeat("end_move", |_| self.registry().end_move(noted)).await
    }
}
