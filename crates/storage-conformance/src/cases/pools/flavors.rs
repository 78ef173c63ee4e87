//! Flavors registered, listed and removed.

use zaqar_model::PageRequest;
use zaqar_storage::StorageError;

use super::{flavor, flavor_name, pool, pool_name, pool_of_flavor};
use crate::RegisterPools;
use crate::bench::ManagementBench;
use crate::samples::{json_object, project};

/// A flavor comes back as it was registered.
pub async fn a_flavor_comes_back_as_it_was_registered(bench: &ManagementBench) {
    let mut kept = flavor("fast");
    kept.capabilities = json_object(r#"{"durability": true, "a": [1]}"#);
    bench.put_flavor(kept.clone()).await;
    assert_eq!(bench.store().registry().get_flavor(&kept.name).await.unwrap(), Some(kept));
    assert_eq!(bench.store().registry().get_flavor(&flavor_name("slow")).await.unwrap(), None);
}

/// A flavor is registered if there is none of its name, or replaced if it is what was seen; otherwise it is a `Conflict`. It
/// may be repeated.
pub async fn a_flavor_is_replaced_if_it_is_what_was_seen(bench: &ManagementBench) {
    let store = bench.store();
    let registry = store.registry();
    let first = flavor("fast");
    let mut second = flavor("fast");
    second.project = project("another");
    second.capabilities = json_object(r#"{"fifo": true, "a": 1.0}"#);
    let refused = registry.put_flavor(&second, Some(&first)).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    for (seen, next) in [(None, &first), (Some(&first), &second)] {
        for _ in 0..2 {
            registry.put_flavor(next, seen).await.unwrap();
            assert_eq!(registry.get_flavor(&first.name).await.unwrap().as_ref(), Some(next));
        }
    }
    for seen in [None, Some(&first)] {
        let refused = registry.put_flavor(&flavor("fast"), seen).await;
        assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(registry.get_flavor(&first.name).await.unwrap(), Some(second));
}

/// Flavors are listed in the order of their names, a page at a time.
pub async fn flavors_are_listed_in_the_order_of_their_names(bench: &ManagementBench) {
    for name in ["c", "a", "B", "d"] {
        bench.put_flavor(flavor(name)).await;
    }
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = bench.store().registry().list_flavors(&PageRequest { marker, limit: 3 }).await.unwrap();
        assert_eq!(page.next, page.items.last().map(|flavor| flavor.name.clone()));
        names.extend(page.items.iter().map(|flavor| flavor.name.clone()));
        if page.items.len() < 3 {
            break;
        }
        marker = page.next;
    }
    assert_eq!(names, ["B", "a", "c", "d"].map(flavor_name));
}

/// A removed flavor is gone; removing what is not there is done.
pub async fn a_removed_flavor_is_gone(bench: &ManagementBench) {
    let store = bench.store();
    store.registry().delete_flavor(&flavor_name("fast")).await.unwrap();
    bench.put_flavor(flavor("fast")).await;
    store.registry().delete_flavor(&flavor_name("fast")).await.unwrap();
    assert_eq!(store.registry().get_flavor(&flavor_name("fast")).await.unwrap(), None);
}

/// A flavor is not removed while a pool belongs to it: `Conflict`.
pub async fn a_flavor_with_pools_is_not_removed(bench: &ManagementBench) {
    let store = bench.store();
    bench.put_flavor(flavor("fast")).await;
    bench.put_pool(pool_of_flavor("one", "fast")).await;
    bench.put_pool(pool("two")).await;
    let refused = store.registry().delete_flavor(&flavor_name("fast")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert!(store.registry().get_flavor(&flavor_name("fast")).await.unwrap().is_some());
    store.registry().delete_pool(&pool_name("one")).await.unwrap();
    store.registry().delete_flavor(&flavor_name("fast")).await.unwrap();
    assert_eq!(store.registry().get_flavor(&flavor_name("fast")).await.unwrap(), None);
}
