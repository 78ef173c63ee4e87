//! Which stores there are, and opening those that the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zaqar_config::{Config, Drivers, Embedded};
use zaqar_domain::Stores;
use zaqar_model::{Clock, IdSource, ServerId};
use zaqar_storage::{ManagementStore, MessageStore, Placement};
use zaqar_storage_embedded::{
    DataDirectory, Durability, EmbeddedManagementStore, EmbeddedMessageStore, OpenError, Options,
};
use zaqar_storage_faulty::FaultyStore;
use zaqar_storage_pooled::PooledMessageStore;

use crate::pool_openers;

/// The names by which `[drivers] message_store` and `management_store` know the stores of this build.
const NAMES: [&str; 1] = ["embedded"];
/// Both at once: a service that fails at every request, for trying out what clients do then. Known since configurations
/// of upstream's tests name it, and offered to nobody.
const FAULTY: &str = "faulty";

const DEFAULT_DATA_DIRECTORY: &str = "zaqar-data";

/// The stores of a running server.
#[derive(Debug)]
pub(crate) struct OpenStores {
    pub(crate) stores: Stores,
    /// Locked for as long as this lives.
    data: DataDirectory,
}

impl OpenStores {
    pub(crate) fn data_directory(&self) -> &Path {
        self.data.path()
    }

    /// Closes both; the data directory is free for another process afterwards.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let messages = self.stores.messages.close().await;
        self.stores.management.close().await?;
        Ok(messages?)
    }
}

/// Opens what the configuration names, which is one of [`NAMES`]. Blocks while the stores read their files.
pub(crate) fn open(
    config: &Config,
    data_directory: Option<&Path>,
    ids: &Arc<dyn IdSource>,
    clock: &Arc<dyn Clock>,
) -> Result<OpenStores, OpenError> {
    let data = DataDirectory::lock(&directory(data_directory, &config.embedded))?;
    if is_faulty(&config.drivers) {
        let stores =
            Stores { management: Arc::new(FaultyStore), messages: Arc::new(FaultyStore), placement: None };
        return Ok(OpenStores { stores, data });
    }
    let options = embedded_options(&config.embedded);
    let management: Arc<dyn ManagementStore> =
        Arc::new(EmbeddedManagementStore::open(data.path(), Arc::clone(ids))?);
    // With pools, the server's own message store is the virtual pool or nothing.
    let has_own = !config.default.pooling || config.pooling_catalog.enable_virtual_pool;
    let own: Option<Arc<dyn MessageStore>> = match has_own {
        true => Some(Arc::new(EmbeddedMessageStore::open(data.path(), options.clone())?)),
        false => None,
    };
    let stores = match own {
        Some(messages) if !config.default.pooling => Stores { management, messages, placement: None },
        own => {
            let openers = pool_openers::all(options);
            let server = ServerId::from_u128(ids.next_u128());
            let pools =
                PooledMessageStore::new(Arc::clone(&management), openers, own, Arc::clone(clock), server);
            let messages = Arc::new(pools);
            let placement: Arc<dyn Placement> = Arc::clone(&messages) as _;
            Stores { management, messages, placement: Some(placement) }
        }
    };
    Ok(OpenStores { stores, data })
}

/// The command line (or the environment, which stands for it) stands above the configuration.
fn directory(given: Option<&Path>, options: &Embedded) -> PathBuf {
    match given {
        Some(directory) => directory.to_owned(),
        None if options.data_dir.is_empty() => DEFAULT_DATA_DIRECTORY.into(),
        None => (&options.data_dir).into(),
    }
}

fn embedded_options(options: &Embedded) -> Options {
    let durability = match options.durability {
        zaqar_config::Durability::Fsync => Durability::Fsync,
        zaqar_config::Durability::Relaxed => Durability::Relaxed,
    };
    Options { durability, segment_size: options.segment_size, ..Options::default() }
}

fn is_faulty(drivers: &Drivers) -> bool {
    drivers.message_store == FAULTY && drivers.management_store == FAULTY
}

/// What whoever runs it must know.
pub(crate) fn remarks(drivers: &Drivers) -> Vec<String> {
    let told = "[drivers] message_store and management_store are faulty: every request fails, for trying out what clients do then";
    is_faulty(drivers).then(|| told.to_owned()).into_iter().collect()
}

/// A sentence for each store that the configuration names and this build does not have.
pub(crate) fn unknown_names(drivers: &Drivers) -> Vec<String> {
    [("message_store", &drivers.message_store), ("management_store", &drivers.management_store)]
        .into_iter()
        .filter(|(_, name)| !NAMES.contains(&name.as_str()) && !is_faulty(drivers))
        .map(|(option, name)| {
            let choices = NAMES.join(", ");
            format!("[drivers] {option} = {name} is not a store of this version; the choice is: {choices}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use zaqar_config::Embedded;

    use super::directory;

    #[test]
    fn the_command_line_names_the_data_directory_before_the_configuration_does() {
        let silent = Embedded::default();
        let set = Embedded { data_dir: "/srv/zaqar".to_owned(), ..Embedded::default() };
        assert_eq!(directory(None, &silent), Path::new("zaqar-data"));
        assert_eq!(directory(None, &set), Path::new("/srv/zaqar"));
        assert_eq!(directory(Some(Path::new("here")), &set), Path::new("here"));
    }
}
