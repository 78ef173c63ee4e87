//! What is plugged together in a build: the stages that pipelines may name, and the storage drivers.

use std::sync::Arc;

use zaqar_config::SectionSpec;
use zaqar_domain::Stages;
use zaqar_storage::{Driver, Role};
use zaqar_storage_embedded::EmbeddedDriver;
use zaqar_storage_faulty::FaultyDriver;
use zaqar_storage_postgres::PostgresDriver;
use zaqar_storage_redis::RedisDriver;

/// The components of a build. A site with some of its own adds them to those that come with the service.
///
/// ```no_run
/// # use std::process::ExitCode;
/// # fn main() -> ExitCode {
/// use zaqar_server::Components;
///
/// let components = Components::default();
/// // components.stages and components.drivers have a method `with`.
/// zaqar_server::run(&components)
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Components {
    pub stages: Stages,
    pub drivers: Drivers,
}

/// The storage drivers of a build.
#[derive(Clone, Debug)]
pub struct Drivers(Vec<Arc<dyn Driver>>);

impl Default for Drivers {
    fn default() -> Self {
        let postgresql = PostgresDriver::default();
        let sqlalchemy = postgresql.under_the_name_of_sqlalchemy();
        Self(vec![
            Arc::new(EmbeddedDriver::default()),
            Arc::new(postgresql),
            Arc::new(sqlalchemy),
            Arc::new(RedisDriver::default()),
            Arc::new(FaultyDriver),
        ])
    }
}

impl Drivers {
    /// With another driver, in place of one that has its name.
    #[must_use]
    pub fn with(mut self, driver: Arc<dyn Driver>) -> Self {
        self.0.retain(|present| present.name() != driver.name());
        self.0.push(driver);
        self
    }

    pub(crate) fn all(&self) -> &[Arc<dyn Driver>] {
        &self.0
    }

    /// The driver of this name that has such a store.
    pub(crate) fn find(&self, name: &str, role: Role) -> Option<&Arc<dyn Driver>> {
        self.0.iter().find(|driver| driver.name() == name && driver.has(role))
    }

    /// The names to choose from.
    pub(crate) fn choices(&self, role: Role) -> String {
        let offered = self.0.iter().filter(|driver| driver.has(role) && driver.is_offered());
        offered.map(|driver| driver.name()).collect::<Vec<_>>().join(", ")
    }

    /// The sections that they add to the configuration.
    pub(crate) fn sections(&self) -> Vec<SectionSpec> {
        self.0.iter().flat_map(|driver| driver.sections()).collect()
    }
}
