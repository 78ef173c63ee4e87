//! The driver: known since configurations of upstream's tests name it, and offered to nobody.

use std::sync::Arc;

use zaqar_config::Config;
use zaqar_model::Pool;
use zaqar_storage::{Capabilities, Driver, ManagementStore, MessageStore, OpenFault, Role, Site};

use crate::FaultyStore;

/// `faulty`: stores that fail at everything, for trying out what clients do then.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultyDriver;

#[async_trait::async_trait]
impl Driver for FaultyDriver {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn has(&self, _role: Role) -> bool {
        true
    }

    fn is_offered(&self) -> bool {
        false
    }

    fn place(&self, _site: &Site, _role: Role) -> String {
        "nowhere: every request fails".to_owned()
    }

    fn capabilities(&self, _config: &Config) -> Capabilities {
        Capabilities::default()
    }

    async fn open_messages(
        &self,
        _site: &Site,
        _pool: Option<&Pool>,
    ) -> Result<Arc<dyn MessageStore>, OpenFault> {
        Ok(Arc::new(FaultyStore))
    }

    async fn open_management(&self, _site: &Site) -> Result<Arc<dyn ManagementStore>, OpenFault> {
        Ok(Arc::new(FaultyStore))
    }
}
