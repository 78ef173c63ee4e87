//! Operations of pools, flavors and the catalogue on a store without them.

use zaqar_model::{Flavor, FlavorName, Metadata, PageRequest, Pool, PoolName, PoolWeight};
use zaqar_storage::StorageError;

use crate::bench::ManagementBench;
use crate::minting::{project, random_number};

/// A store that answers `Unsupported` to the listing of pools does so to whatever is about pools, flavors and the
/// catalogue.
pub async fn pools_are_unsupported_as_a_whole(bench: &ManagementBench) {
    let (store, queue) = (bench.store(), random_number());
    let (name, flavor) = (PoolName::new("one").unwrap(), FlavorName::new("fast").unwrap());
    let pool = Pool {
        name: name.clone(),
        uri: "embedded:///tmp".to_owned(),
        weight: PoolWeight(1),
        flavor: None,
        options: Metadata::default(),
    };
    let new_flavor =
        Flavor { name: flavor.clone(), project: project("p"), capabilities: Metadata::default() };
    let answers = [
        store.put_pool(pool).await.err(),
        store.get_pool(&name).await.err(),
        store.pools_of_flavor(None).await.err(),
        store.delete_pool(&name).await.err(),
        store.put_flavor(new_flavor).await.err(),
        store.get_flavor(&flavor).await.err(),
        store.list_flavors(&PageRequest { marker: None, limit: 1 }).await.err(),
        store.delete_flavor(&flavor).await.err(),
        store.map(queue, &name).await.err(),
        store.pool_of(queue).await.err(),
        store.remap(queue, &name, &name).await.err(),
        store.unmap(queue).await.err(),
        store.get_move(queue).await.err(),
        store.list_moves().await.err(),
        store.delete_move(queue).await.err(),
    ];
    for (at, answer) in answers.iter().enumerate() {
        assert!(matches!(answer, Some(StorageError::Unsupported(_))), "call {at}: {answer:?}");
    }
}
