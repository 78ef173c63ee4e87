//! Pools and flavors registered and changed.

use zaqar_model::{Pool, PoolWeight};
use zaqar_storage::StorageError;

use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::cases::pools::{flavor, pool, pool_name};
use crate::samples::json_object;

/// A pool that was registered on one server is seen on the other, and its URI is taken there.
pub async fn a_pool_registered_on_one_server_is_seen_on_the_other(bench: &ManagementBench) {
    let (one, other) = (bench.store(), bench.open_another().await);
    one.registry().put_pool(&pool("one"), None).await.unwrap();
    assert_eq!(other.registry().get_pool(&pool_name("one")).await.unwrap(), Some(pool("one")));
    let twin = Pool { uri: pool("one").uri, ..pool("two") };
    let refused = other.registry().put_pool(&twin, None).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
}

/// Of two servers that change a pool from what both have seen, one changes it, and the other gets a `Conflict`.
pub async fn of_two_servers_that_change_a_pool_one_is_told(bench: &ManagementBench) {
    let stores = [bench.store(), bench.open_another().await];
    let mut seen = pool("one");
    stores[0].registry().put_pool(&seen, None).await.unwrap();
    for round in 1..=10 {
        let changed = [1, 2].map(|server| Pool { weight: PoolWeight(10 * round + server), ..seen.clone() });
        let put = async |at: usize| stores[at].registry().put_pool(&changed[at], Some(&seen)).await;
        let (one, other) = tokio::join!(put(0), put(1));
        let winner = match (&one, &other) {
            (Ok(()), Err(StorageError::Conflict(_))) => 0,
            (Err(StorageError::Conflict(_)), Ok(())) => 1,
            both => panic!("{both:?}"),
        };
        let there = stores[0].registry().get_pool(&seen.name).await.unwrap();
        assert_eq!(there.as_ref(), Some(&changed[winner]));
        seen = changed[winner].clone();
    }
}

/// Of two servers that change a flavor from what both have seen, one changes it, and the other gets a `Conflict`.
pub async fn of_two_servers_that_change_a_flavor_one_is_told(bench: &ManagementBench) {
    let (one, other) = (bench.store(), bench.open_another().await);
    let seen = flavor("fast");
    one.registry().put_flavor(&seen, None).await.unwrap();
    let mut changed = seen.clone();
    changed.capabilities = json_object(r#"{"FIFO": true}"#);
    other.registry().put_flavor(&changed, Some(&seen)).await.unwrap();
    let mut late = seen.clone();
    late.capabilities = json_object(r#"{"FIFO": false}"#);
    let refused = one.registry().put_flavor(&late, Some(&seen)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert_eq!(one.registry().get_flavor(&seen.name).await.unwrap(), Some(changed));
}
