//! Flavors registered, listed and removed.

use zaqar_model::PageRequest;
use zaqar_storage::StorageError;

use super::{flavor, flavor_name, pool, pool_name, pool_of_flavor};
use crate::bench::ManagementBench;
use crate::minting::{json_object, project};

/// A flavor comes back as it was registered.
pub async fn a_flavor_comes_back_as_it_was_registered(bench: &ManagementBench) {
    let mut kept = flavor("fast");
    kept.capabilities = json_object(r#"{"durability": true, "a": [1]}"#);
    bench.store().put_flavor(kept.clone()).await.unwrap();
    assert_eq!(bench.store().get_flavor(&kept.name).await.unwrap(), Some(kept));
    assert_eq!(bench.store().get_flavor(&flavor_name("slow")).await.unwrap(), None);
}

/// A flavor of the same name is replaced.
pub async fn a_flavor_of_the_same_name_is_replaced(bench: &ManagementBench) {
    bench.store().put_flavor(flavor("fast")).await.unwrap();
    let mut other = flavor("fast");
    other.project = project("another");
    other.capabilities = json_object(r#"{"fifo": true}"#);
    bench.store().put_flavor(other.clone()).await.unwrap();
    assert_eq!(bench.store().get_flavor(&other.name).await.unwrap(), Some(other));
}

/// Flavors are listed in the order of their names, a page at a time.
pub async fn flavors_are_listed_in_the_order_of_their_names(bench: &ManagementBench) {
    for name in ["c", "a", "B", "d"] {
        bench.store().put_flavor(flavor(name)).await.unwrap();
    }
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = bench.store().list_flavors(&PageRequest { marker, limit: 3 }).await.unwrap();
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
    store.delete_flavor(&flavor_name("fast")).await.unwrap();
    store.put_flavor(flavor("fast")).await.unwrap();
    store.delete_flavor(&flavor_name("fast")).await.unwrap();
    assert_eq!(store.get_flavor(&flavor_name("fast")).await.unwrap(), None);
}

/// A flavor is not removed while a pool belongs to it: `Conflict`.
pub async fn a_flavor_with_pools_is_not_removed(bench: &ManagementBench) {
    let store = bench.store();
    store.put_flavor(flavor("fast")).await.unwrap();
    store.put_pool(pool_of_flavor("one", "fast")).await.unwrap();
    store.put_pool(pool("two")).await.unwrap();
    let refused = store.delete_flavor(&flavor_name("fast")).await;
    assert!(matches!(refused, Err(StorageError::Conflict(_))), "{refused:?}");
    assert!(store.get_flavor(&flavor_name("fast")).await.unwrap().is_some());
    store.delete_pool(&pool_name("one")).await.unwrap();
    store.delete_flavor(&flavor_name("fast")).await.unwrap();
    assert_eq!(store.get_flavor(&flavor_name("fast")).await.unwrap(), None);
}
