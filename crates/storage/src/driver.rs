//! Drivers: how a server comes by its stores. Each driver of a build says what it is called, which options it has, and
//! opens the stores that a configuration or a pool names.

use std::path::PathBuf;
use std::sync::Arc;

use zaqar_config::{Config, SectionSpec};
use zaqar_model::{Clock, IdSource, Pool, ServerId};

use crate::{Capabilities, ManagementStore, MessageStore};

/// What stores are opened with.
#[derive(Clone, Debug)]
pub struct Site {
    pub config: Arc<Config>,
    /// The server's own directory, for stores that keep files. It may not exist yet.
    pub data_directory: PathBuf,
    /// This server among all that use the same stores. Fresh, from the id source.
    pub server: ServerId,
    pub ids: Arc<dyn IdSource>,
    pub clock: Arc<dyn Clock>,
}

impl Site {
    /// A server of its own among all that use the same stores.
    pub fn new(
        config: Arc<Config>,
        data_directory: PathBuf,
        ids: Arc<dyn IdSource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { config, data_directory, server: ServerId::from_u128(ids.next_u128()), ids, clock }
    }
}

/// The two stores of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Messages,
    Management,
}

impl Role {
    /// The option of `[drivers]` that names the driver.
    pub const fn option(self) -> &'static str {
        match self {
            Self::Messages => "message_store",
            Self::Management => "management_store",
        }
    }
}

/// Why a store cannot be opened. The texts are read by operators: they say what to change, and never name a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// The URI or another option is wrong, or no driver of this build serves it.
    #[error("{0}")]
    BadUri(String),
    /// Another pool has its queues there.
    #[error("{0}")]
    InUse(String),
    /// What they name does not answer, or cannot be used as it is.
    #[error("{0}")]
    Unreachable(String),
}

/// The driver whose stores have a URI like this one.
pub fn driver_of_uri<'a>(
    drivers: &'a [Arc<dyn Driver>],
    uri: &str,
) -> Result<&'a Arc<dyn Driver>, OpenFault> {
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
    let serves = |driver: &&Arc<dyn Driver>| scheme.is_some_and(|scheme| driver.schemes().contains(&scheme));
    drivers.iter().find(serves).ok_or_else(|| {
        let schemes = drivers.iter().flat_map(|driver| driver.schemes());
        let schemes = schemes.map(|scheme| format!("{scheme}:")).collect::<Vec<_>>().join(", ");
        OpenFault::BadUri(format!(
            "no store of this version has a URI that begins like this one; those it has begin with {schemes}"
        ))
    })
}

/// Which store of a driver is meant.
#[derive(Clone, Copy, Debug)]
pub enum StoreOf<'a> {
    /// The one that the configuration names.
    Site(Role),
    /// The message store of a pool.
    Pool(&'a Pool),
}

/// The version of the tables of a store that are made beforehand, by `zaqar db upgrade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaVersion {
    /// 0: there are none.
    pub found: u32,
    pub needed: u32,
}

/// A storage driver of a build.
#[async_trait::async_trait]
pub trait Driver: std::fmt::Debug + Send + Sync {
    /// The name by which `[drivers] message_store` and `management_store` call it.
    fn name(&self) -> &'static str;

    /// Which of the two stores it has.
    fn has(&self, role: Role) -> bool;

    /// Whether it is named where the choice is told. What is there for trials only is not.
    fn is_offered(&self) -> bool {
        true
    }

    /// Its sections of the configuration, in the groups `drivers:message_store:NAME` and `drivers:management_store:NAME`.
    fn sections(&self) -> Vec<SectionSpec> {
        Vec::new()
    }

    /// What is wrong with its options, a sentence each. Looks at the configuration only.
    fn refusals(&self, _config: &Config, _role: Role) -> Vec<String> {
        Vec::new()
    }

    /// Where the data of its store is, in one line, without passwords.
    fn place(&self, site: &Site, role: Role) -> String;

    /// The parts before the colon of the URIs by which pools name its stores.
    fn schemes(&self) -> &'static [&'static str] {
        &[]
    }

    /// What its message stores can do.
    fn capabilities(&self, config: &Config) -> Capabilities;

    /// Opens the message store that the configuration names, or that of a pool. A store that does not answer is not waited
    /// for without end.
    async fn open_messages(
        &self,
        site: &Site,
        pool: Option<&Pool>,
    ) -> Result<Arc<dyn MessageStore>, OpenFault>;

    /// Opens the management store that the configuration names.
    async fn open_management(&self, site: &Site) -> Result<Arc<dyn ManagementStore>, OpenFault>;

    /// The version of a store's tables. `None`: it has none that are made beforehand.
    async fn schema_version(
        &self,
        _site: &Site,
        _of: StoreOf<'_>,
    ) -> Result<Option<SchemaVersion>, OpenFault> {
        Ok(None)
    }

    /// Makes a store's tables, or brings them to the version that is needed. Answers what was found before.
    async fn upgrade_schema(
        &self,
        _site: &Site,
        _of: StoreOf<'_>,
    ) -> Result<Option<SchemaVersion>, OpenFault> {
        Ok(None)
    }
}
