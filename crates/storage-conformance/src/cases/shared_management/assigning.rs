//! Which pool holds which queue.

use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::cases::pools::{pool, pool_name};
use crate::samples::random_number;

/// An assignment on one server is seen on the other.
pub async fn an_assignment_is_seen_on_the_other_server(bench: &ManagementBench) {
    let (one, other) = (bench.store(), bench.open_another().await);
    let (queue, name) = (random_number(), pool_name("one"));
    bench.put_pool(pool("one")).await;
    one.registry().assign(queue, None, Some(&name)).await.unwrap();
    assert_eq!(other.registry().pool_of(queue).await.unwrap(), Some(name.clone()));
    other.registry().assign(queue, Some(&name), None).await.unwrap();
    assert_eq!(other.registry().pool_of(queue).await.unwrap(), None);
}

/// Of two servers that assign a queue at the same time, one decides, and both are told which pool it is.
pub async fn of_two_servers_that_assign_a_queue_one_decides(bench: &ManagementBench) {
    let stores = [bench.store(), bench.open_another().await];
    let names = ["one", "two"].map(pool_name);
    for name in ["one", "two"] {
        bench.put_pool(pool(name)).await;
    }
    for _ in 0..20 {
        let queue = random_number();
        let assign = async |at: usize| {
            let name = Some(&names[at]);
            stores[at].registry().assign(queue, None, name).await.unwrap()
        };
        let (one, other) = tokio::join!(assign(0), assign(1));
        assert!(one.is_some());
        assert_eq!(one, other);
        assert_eq!(stores[0].registry().pool_of(queue).await.unwrap(), one);
    }
}
