//! Opening the stores that the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use zaqar_config::Config;
use zaqar_domain::Stores;
use zaqar_storage::{Driver, ManagementStore, MessageStore, Placement, Role, Site};
use zaqar_storage_embedded::configured_directory;
use zaqar_storage_pooled::PooledMessageStore;

use crate::components::Drivers;

const DEFAULT_DATA_DIRECTORY: &str = "zaqar-data";
const ROLES: [Role; 2] = [Role::Messages, Role::Management];

/// The stores of a running server.
#[derive(Debug)]
pub(crate) struct OpenStores {
    pub(crate) stores: Stores,
    /// Where their data is, a line each.
    pub(crate) places: Vec<String>,
}

impl OpenStores {
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let messages = self.stores.messages.close().await;
        self.stores.management.close().await?;
        Ok(messages?)
    }
}

/// Opens what the configuration names.
pub(crate) async fn open(site: &Site, drivers: &Drivers) -> anyhow::Result<OpenStores> {
    let config = &site.config;
    let of_messages = driver_of(config, drivers, Role::Messages)?;
    let of_management = driver_of(config, drivers, Role::Management)?;
    let management = open_management(site, drivers).await?;
    // With pools, the server's own message store is the virtual pool or nothing.
    let has_own = !config.default.pooling || config.pooling_catalog.enable_virtual_pool;
    let own: Option<Arc<dyn MessageStore>> = match has_own {
        true => {
            let opened = of_messages.open_messages(site, None).await;
            Some(opened.with_context(|| cannot_open(Role::Messages, &**of_messages))?)
        }
        false => None,
    };
    let mut places = vec![of_management.place(site, Role::Management)];
    if has_own {
        places.push(of_messages.place(site, Role::Messages));
        places.dedup();
    }
    let stores = match own {
        Some(messages) if !config.default.pooling => Stores { management, messages, placement: None },
        own => {
            let drivers = drivers.all().to_vec();
            let pools = PooledMessageStore::new(Arc::clone(&management), drivers, site.clone(), own);
            let messages = Arc::new(pools);
            let placement: Arc<dyn Placement> = Arc::clone(&messages) as _;
            Stores { management, messages, placement: Some(placement) }
        }
    };
    Ok(OpenStores { stores, places })
}

pub(crate) async fn open_management(
    site: &Site,
    drivers: &Drivers,
) -> anyhow::Result<Arc<dyn ManagementStore>> {
    let driver = driver_of(&site.config, drivers, Role::Management)?;
    let opened = driver.open_management(site).await;
    opened.with_context(|| cannot_open(Role::Management, &**driver))
}

/// The drivers that the configuration names.
pub(crate) fn named_drivers<'a>(
    config: &Config,
    drivers: &'a Drivers,
) -> anyhow::Result<Vec<(Role, &'a Arc<dyn Driver>)>> {
    ROLES.into_iter().map(|role| Ok((role, driver_of(config, drivers, role)?))).collect()
}

fn driver_of<'a>(config: &Config, drivers: &'a Drivers, role: Role) -> anyhow::Result<&'a Arc<dyn Driver>> {
    let name = named(config, role);
    drivers.find(name, role).with_context(|| unknown(drivers, role, name))
}

fn named(config: &Config, role: Role) -> &str {
    match role {
        Role::Messages => &config.drivers.message_store,
        Role::Management => &config.drivers.management_store,
    }
}

fn unknown(drivers: &Drivers, role: Role, name: &str) -> String {
    let (option, choices) = (role.option(), drivers.choices(role));
    format!("[drivers] {option} = {name} is not a store of this version; the choice is: {choices}")
}

fn cannot_open(role: Role, driver: &dyn Driver) -> String {
    format!("the store of [drivers] {} = {} cannot be opened", role.option(), driver.name())
}

/// The server's directory. The command line (or the environment, which stands for it) stands above the configuration.
pub(crate) fn data_directory(given: Option<&Path>, config: &Config) -> PathBuf {
    let configured = || configured_directory(config).unwrap_or_else(|| DEFAULT_DATA_DIRECTORY.into());
    given.map_or_else(configured, Path::to_owned)
}

/// What whoever runs it must know.
pub(crate) fn remarks(config: &Config, drivers: &Drivers) -> Vec<String> {
    let is_for_trials =
        |role: &Role| drivers.find(named(config, *role), *role).is_some_and(|driver| !driver.is_offered());
    let trial = |role: Role| {
        format!(
            "[drivers] {} is {}: every request fails, for trying out what clients do then",
            role.option(),
            named(config, role)
        )
    };
    ROLES.into_iter().filter(is_for_trials).map(trial).collect()
}

/// A sentence for each store that the configuration names and this build does not have, and for what is wrong with the
/// options of the others.
pub(crate) fn refusals(config: &Config, drivers: &Drivers) -> Vec<String> {
    let refusals = |role: Role| match drivers.find(named(config, role), role) {
        Some(driver) => driver.refusals(config, role),
        None => vec![unknown(drivers, role, named(config, role))],
    };
    ROLES.into_iter().flat_map(refusals).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use zaqar_config::{Config, Sources, load};

    use super::data_directory;
    use crate::components::Drivers;

    #[test]
    fn the_command_line_names_the_data_directory_before_the_configuration_does() {
        let variable = ("OS_DRIVERS_MESSAGE_STORE_EMBEDDED__DATA_DIR".into(), "/srv/zaqar".into());
        let sources = Sources { environment: vec![variable], ..Sources::default() };
        let set = load(&sources, &Drivers::default().sections()).unwrap().config;
        assert_eq!(data_directory(None, &Config::default()), Path::new("zaqar-data"));
        assert_eq!(data_directory(None, &set), Path::new("/srv/zaqar"));
        assert_eq!(data_directory(Some(Path::new("here")), &set), Path::new("here"));
    }
}
