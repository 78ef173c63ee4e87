//! `[pooling:catalog]`: the catalogue of pools.

use crate::section::section;

section! {
    /// The catalogue of pools.
    pub struct PoolingCatalog;

    /// Whether the configured message store is used as the pool of queues without a pool.
    enable_virtual_pool: bool = false;
}
