//! `[pooling:catalog]`: the catalogue of pools.

use crate::section::section;

section! {
    /// The catalogue of pools.
    pub struct PoolingCatalog;

    /// Whether the configured message store serves as a pool for queues that no pool was chosen for.
    enable_virtual_pool: bool = false;
}
