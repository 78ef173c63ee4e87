//! `zaqar db version` and `zaqar db upgrade`: the tables of stores in a database.

use std::fmt::Write;
use std::sync::Arc;

use anyhow::{Context, ensure};
use tokio::runtime::Builder;
use zaqar_model::{Metadata, Pool, PoolName, PoolWeight, RandomIds, SystemClock};
use zaqar_storage::{Driver, Role, SchemaVersion, Site, StoreOf, driver_of_uri};

use crate::cli::ServerOptions;
use crate::components::{Components, Drivers};
use crate::config_commands::print;
use crate::{configuration, stores};

pub(crate) fn version(options: &ServerOptions, components: &Components) -> anyhow::Result<()> {
    let site = site(options, components)?;
    run(async {
        let (mut text, mut are_current) = (String::new(), true);
        for (role, driver) in stores::named_drivers(&site.config, &components.drivers)? {
            let version = driver.schema_version(&site, StoreOf::Site(role)).await;
            let version = version.with_context(|| format!("[drivers] {}", role.option()))?;
            are_current &= version.is_none_or(|version| version.found == version.needed);
            writeln!(text, "{}: {}", of_role(role, &**driver), told(version))?;
        }
        print(&text)?;
        ensure!(are_current, "run `zaqar db upgrade`, with the `zaqar` of the newest release in use");
        Ok(())
    })
}

pub(crate) fn upgrade(
    options: &ServerOptions,
    uris: &[String],
    components: &Components,
) -> anyhow::Result<()> {
    let site = site(options, components)?;
    run(async {
        for (role, driver) in stores::named_drivers(&site.config, &components.drivers)? {
            let before = driver.upgrade_schema(&site, StoreOf::Site(role)).await;
            let before = before.with_context(|| format!("[drivers] {}", role.option()))?;
            print(&format!("{}: {}\n", of_role(role, &**driver), done(before)))?;
        }
        for pool in registered_pools(&site, &components.drivers).await? {
            upgrade_pool(&site, &pool, &format!("pool {}", pool.name), &components.drivers).await?;
        }
        for uri in uris {
            let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
            upgrade_pool(&site, &unregistered(uri)?, &format!("pool at {scheme}:…"), &components.drivers)
                .await?;
        }
        Ok(())
    })
}

async fn upgrade_pool(site: &Site, pool: &Pool, told: &str, drivers: &Drivers) -> anyhow::Result<()> {
    let driver = driver_of_uri(drivers.all(), &pool.uri).with_context(|| told.to_owned())?;
    let before = driver.upgrade_schema(site, StoreOf::Pool(pool)).await;
    let before = before.with_context(|| told.to_owned())?;
    print(&format!("{told} ({}): {}\n", driver.name(), done(before)))
}

/// The pools that the management store knows, whose tables have just been upgraded.
async fn registered_pools(site: &Site, drivers: &Drivers) -> anyhow::Result<Vec<Pool>> {
    if !site.config.default.pooling {
        return Ok(Vec::new());
    }
    let management = stores::open_management(site, drivers).await?;
    let pools = management.pools_or_unsupported()?.all_pools().await?;
    management.close().await?;
    Ok(pools)
}

fn unregistered(uri: &str) -> anyhow::Result<Pool> {
    Ok(Pool {
        name: PoolName::new("unregistered")?,
        uri: uri.to_owned(),
        weight: PoolWeight(0),
        flavor: None,
        options: Metadata::default(),
    })
}

fn site(options: &ServerOptions, components: &Components) -> anyhow::Result<Site> {
    let (config, report) = configuration::read(&options.sources, components);
    ensure!(report.errors.is_empty(), report.errors.join("\nzaqar: "));
    let data_directory = stores::data_directory(options.data_directory(), &config);
    Ok(Site::new(Arc::new(config), data_directory, Arc::new(RandomIds), Arc::new(SystemClock)))
}

fn run(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    Builder::new_current_thread().enable_all().build().context("cannot start")?.block_on(work)
}

fn of_role(role: Role, driver: &dyn Driver) -> String {
    format!("{} ({})", role.option(), driver.name())
}

fn told(version: Option<SchemaVersion>) -> String {
    match version {
        None => "has no tables to upgrade".to_owned(),
        Some(SchemaVersion { found: 0, needed }) => format!("has no tables yet, version {needed} is needed"),
        Some(SchemaVersion { found, needed }) if found == needed => {
            format!("has version {found}, as is needed")
        }
        Some(SchemaVersion { found, needed }) => format!("has version {found}, version {needed} is needed"),
    }
}

fn done(before: Option<SchemaVersion>) -> String {
    match before {
        None => "has no tables to upgrade".to_owned(),
        Some(SchemaVersion { found, needed }) if found == needed => format!("has version {found} already"),
        Some(SchemaVersion { found: 0, needed }) => format!("has tables of version {needed} now"),
        Some(SchemaVersion { found, needed }) => format!("upgraded from version {found} to {needed}"),
    }
}
