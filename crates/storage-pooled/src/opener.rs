//! Opening the stores of one driver by URI.

use std::fmt::Debug;
use std::sync::Arc;

use zaqar_model::Pool;
use zaqar_storage::{Capabilities, MessageStore, PoolFault};

/// Opens the stores of one driver.
#[async_trait::async_trait]
pub trait StoreOpener: Debug + Send + Sync {
    /// The part of a URI before the colon that names the driver.
    fn scheme(&self) -> &'static str;

    /// What the driver's stores can do.
    fn capabilities(&self) -> Capabilities;

    /// Opens the store that the pool's URI and options name. A store that does not answer must not be waited for without
    /// end.
    async fn open(&self, pool: &Pool) -> Result<Arc<dyn MessageStore>, PoolFault>;
}
