//! Dropping a queue, wherever something of it is.

use zaqar_model::Destination;
use zaqar_storage::StorageResult;

use crate::home::Home;
use crate::movers::Movers;
use crate::pooled::Pooled;

impl Pooled {
    /// First the catalogue forgets the queue, then the stores do: should a crash come between, nobody finds what is left,
    /// and it expires.
    pub(crate) async fn drop_everywhere(&self, queue: &Destination, movers: &Movers) -> StorageResult<()> {
        self.pools.check_open()?;
        let gate = self.approach(queue.number);
        let _alone = gate.alone().await;
        movers.recall(queue.number);
        self.arrived.lock().remove(&queue.number);
        let (home, others) = {
            let _planning = self.planning.lock().await;
            let home = self.home_of(queue.number).await?;
            let noted = self.management.get_move(queue.number).await?;
            if noted.is_some() {
                self.management.delete_move(queue.number).await?;
            }
            self.management.unmap(queue.number).await?;
            (home, noted.map(|noted| noted.pools).unwrap_or_default())
        };
        let others: Vec<Home> = others.into_iter().map(Home::Pool).collect();
        // A message that comes too late would go there; the store refuses it.
        let fallback = self.default_pool(queue).await?.map(|pool| Home::Pool(pool.name));
        // What is mapped to no pool lives there, if there is one.
        let virtual_pool = self.virtual_pool.is_some().then_some(Home::Virtual);
        let others = others.into_iter().chain(fallback).chain(virtual_pool);
        for other in others.filter(|other| Some(other) != home.as_ref()) {
            if let Err(error) = self.drop_in(&other, queue).await {
                tracing::warn!(%error, queue = %queue.name, "the remains of a queue stay until they expire");
            }
        }
        match home {
            Some(home) => self.drop_in(&home, queue).await,
            None => Ok(()),
        }
    }

    async fn drop_in(&self, home: &Home, queue: &Destination) -> StorageResult<()> {
        self.store_of(home).await?.drop_destination(queue).await
    }
}
