//! The drivers: their options, and opening their stores. The same URI and schema for both stores, or for pools, is one
//! [`Database`], whose connections they share.

use std::sync::Arc;
use std::time::Duration;

use zaqar_config::{Config, Secret, SectionSpec, section};
use zaqar_model::Pool;
use zaqar_storage::{
    CachedDestinations, Capabilities, Driver, ManagementStore, MessageStore, OpenFault, Role, SchemaVersion,
    Site, StorageError, StoreOf,
};

use crate::database::{Database, Databases};
use crate::{Options, PostgresManagementStore, PostgresMessageStore, schema, uri};

const MESSAGES: &str = "drivers:message_store:postgresql";
const MANAGEMENT: &str = "drivers:management_store:postgresql";
/// Upstream's name for a management store in any SQL database.
const SQLALCHEMY: &str = "drivers:management_store:sqlalchemy";

section! {
    /// A store in PostgreSQL, version 13 or later, which any number of servers share. `zaqar db upgrade` makes its tables.
    pub struct Postgresql;

    /// The URI, as libpq takes it: `postgresql://user:password@host:5432,other:5432/database?sslmode=verify-full`. Of
    /// several hosts the primary is used. The same URI for the message store and the management store is one pool of
    /// connections.
    uri: Option<Secret> = None;

    /// The schema that holds the tables. Installations that share a database need one each.
    schema: String = "zaqar";

    /// Connections that post. One of them posts for many requests with one commit.
    post_connections: u32 = 1, at_least(1), at_most(64);

    /// Connections that claim, and as many that delete.
    claim_connections: u32 = 3, at_least(1), at_most(64);

    /// Connections that read, and as many that make all other changes.
    connections: u32 = 4, at_least(1), at_most(256);

    /// Timeout of connecting to a host, in seconds.
    connect_timeout: u32 = 3, at_least(1), at_most(300);

    /// Timeout of a request, in seconds. A request that fails is tried again within half of it.
    request_timeout: u32 = 10, at_least(1), at_most(300);
}

mod upstream {
    use super::{Secret, section};

    section! {
        /// A store in an SQL database, in upstream's words: the same as `postgresql`, with all its other options at their
        /// defaults.
        pub struct Sqlalchemy;

        /// The URL of the database. `postgresql://` and `postgresql+DRIVER://` are understood; other databases have no driver
        /// here.
        uri: Secret = "sqlite:///:memory:";
    }
}

impl Postgresql {
    fn at(&self, uri: &str) -> Options {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Options {
            uri: uri.to_owned(),
            schema: self.schema.clone(),
            post_connections: count(self.post_connections),
            claim_connections: count(self.claim_connections),
            connections: count(self.connections),
            connect_timeout: Duration::from_secs(self.connect_timeout.into()),
            request_timeout: Duration::from_secs(self.request_timeout.into()),
        }
    }

    fn options(&self, group: &str) -> Result<Options, OpenFault> {
        match &self.uri {
            Some(uri) => Ok(self.at(uri.expose())),
            None => Err(OpenFault::BadUri(format!(
                "[{group}] uri is not set: name the database, as in postgresql://user:password@host/database"
            ))),
        }
    }
}

fn refusals(options: Result<Options, OpenFault>, group: &str) -> Vec<String> {
    match options {
        Err(fault) => vec![fault.to_string()],
        Ok(options) => {
            let fault = uri::parse(&options.uri).err().map(|fault| format!("[{group}] uri: {fault}"));
            let is_named = names_a_schema(&options.schema);
            let unnamed = (!is_named).then(|| format!("[{group}] schema is no name of a schema"));
            fault.into_iter().chain(unnamed).collect()
        }
    }
}

fn names_a_schema(name: &str) -> bool {
    !name.is_empty() && !name.contains('\0')
}

/// Hosts, database and schema.
fn place_of(options: Result<Options, OpenFault>) -> String {
    let Ok(options) = options else { return "PostgreSQL".to_owned() };
    match uri::parse(&options.uri) {
        Ok(address) => format!("PostgreSQL {}, schema {}", address.shown(), options.schema),
        Err(_) => "PostgreSQL".to_owned(),
    }
}

fn fault(error: &StorageError) -> OpenFault {
    OpenFault::Unreachable(match error {
        StorageError::Driver(cause) | StorageError::Unavailable(cause) => cause.to_string(),
        error => error.to_string(),
    })
}

async fn open(databases: &Databases, options: &Options) -> Result<Arc<Database>, OpenFault> {
    databases.open(options).await.map_err(|error| fault(&error))
}

async fn version(options: &Options) -> Result<Option<SchemaVersion>, OpenFault> {
    let found = schema::version(options).await.map_err(|error| fault(&error))?;
    Ok(Some(versions(found)))
}

async fn upgrade(options: &Options) -> Result<Option<SchemaVersion>, OpenFault> {
    let (before, _) = schema::upgrade(options).await.map_err(|error| fault(&error))?;
    Ok(Some(versions(before)))
}

fn versions(found: i32) -> SchemaVersion {
    let number = |version: i32| u32::try_from(version).unwrap_or_default();
    SchemaVersion { found: number(found), needed: number(schema::NEEDED_VERSION) }
}

fn management_on(database: Arc<Database>, site: &Site) -> Arc<dyn ManagementStore> {
    let store = PostgresManagementStore::on(database, Arc::clone(&site.ids));
    Arc::new(CachedDestinations::over(Arc::new(store)))
}

/// `postgresql`: both stores, and pools with `postgresql://` URIs.
#[derive(Debug, Default)]
pub struct PostgresDriver {
    databases: Arc<Databases>,
}

impl PostgresDriver {
    /// `sqlalchemy`, which shares the databases of this one.
    pub fn under_the_name_of_sqlalchemy(&self) -> SqlalchemyDriver {
        SqlalchemyDriver { databases: Arc::clone(&self.databases) }
    }

    fn options(config: &Config, role: Role) -> Result<Options, OpenFault> {
        let group = group_of(role);
        config.section::<Postgresql>(group).options(group)
    }

    /// A pool has the options of the message store, at its own URI; a member `schema` of its options names its schema.
    fn options_of_pool(config: &Config, pool: &Pool) -> Result<Options, OpenFault> {
        let mut options = config.section::<Postgresql>(MESSAGES).at(&pool.uri);
        uri::parse(&options.uri).map_err(|fault| OpenFault::BadUri(fault.to_string()))?;
        if let Some(schema) = pool.options.get("schema") {
            let schema = schema.as_str().filter(|schema| names_a_schema(schema));
            let schema = schema.ok_or_else(|| {
                OpenFault::BadUri("the option schema of a PostgreSQL pool is the name of a schema".to_owned())
            })?;
            schema.clone_into(&mut options.schema);
        }
        Ok(options)
    }

    fn options_of(site: &Site, of: StoreOf<'_>) -> Result<Options, OpenFault> {
        match of {
            StoreOf::Site(role) => Self::options(&site.config, role),
            StoreOf::Pool(pool) => Self::options_of_pool(&site.config, pool),
        }
    }
}

const fn group_of(role: Role) -> &'static str {
    match role {
        Role::Messages => MESSAGES,
        Role::Management => MANAGEMENT,
    }
}

#[async_trait::async_trait]
impl Driver for PostgresDriver {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn has(&self, _role: Role) -> bool {
        true
    }

    fn sections(&self) -> Vec<SectionSpec> {
        [MESSAGES, MANAGEMENT].map(SectionSpec::new::<Postgresql>).to_vec()
    }

    fn refusals(&self, config: &Config, role: Role) -> Vec<String> {
        refusals(Self::options(config, role), group_of(role))
    }

    fn place(&self, site: &Site, role: Role) -> String {
        place_of(Self::options(&site.config, role))
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgresql", "postgres"]
    }

    fn capabilities(&self, _config: &Config) -> Capabilities {
        PostgresMessageStore::CAPABILITIES
    }

    async fn open_messages(
        &self,
        site: &Site,
        pool: Option<&Pool>,
    ) -> Result<Arc<dyn MessageStore>, OpenFault> {
        let options = Self::options_of(site, pool.map_or(StoreOf::Site(Role::Messages), StoreOf::Pool))?;
        let database = open(&self.databases, &options).await?;
        Ok(Arc::new(PostgresMessageStore::on(database)))
    }

    async fn open_management(&self, site: &Site) -> Result<Arc<dyn ManagementStore>, OpenFault> {
        let options = Self::options(&site.config, Role::Management)?;
        let database = open(&self.databases, &options).await?;
        Ok(management_on(database, site))
    }

    async fn schema_version(&self, site: &Site, of: StoreOf<'_>) -> Result<Option<SchemaVersion>, OpenFault> {
        version(&Self::options_of(site, of)?).await
    }

    async fn upgrade_schema(&self, site: &Site, of: StoreOf<'_>) -> Result<Option<SchemaVersion>, OpenFault> {
        upgrade(&Self::options_of(site, of)?).await
    }
}

/// `sqlalchemy`: the management store of a configuration that was written for upstream.
#[derive(Debug)]
pub struct SqlalchemyDriver {
    databases: Arc<Databases>,
}

impl SqlalchemyDriver {
    fn options(config: &Config) -> Options {
        Options::new(config.section::<upstream::Sqlalchemy>(SQLALCHEMY).uri.expose())
    }
}

#[async_trait::async_trait]
impl Driver for SqlalchemyDriver {
    fn name(&self) -> &'static str {
        "sqlalchemy"
    }

    fn has(&self, role: Role) -> bool {
        role == Role::Management
    }

    fn sections(&self) -> Vec<SectionSpec> {
        vec![SectionSpec::new::<upstream::Sqlalchemy>(SQLALCHEMY)]
    }

    fn refusals(&self, config: &Config, _role: Role) -> Vec<String> {
        refusals(Ok(Self::options(config)), SQLALCHEMY)
    }

    fn place(&self, site: &Site, _role: Role) -> String {
        place_of(Ok(Self::options(&site.config)))
    }

    fn capabilities(&self, _config: &Config) -> Capabilities {
        Capabilities::default()
    }

    async fn open_messages(&self, _: &Site, _: Option<&Pool>) -> Result<Arc<dyn MessageStore>, OpenFault> {
        Err(OpenFault::BadUri("sqlalchemy is no message store".to_owned()))
    }

    async fn open_management(&self, site: &Site) -> Result<Arc<dyn ManagementStore>, OpenFault> {
        let options = Self::options(&site.config);
        let database = open(&self.databases, &options).await?;
        Ok(management_on(database, site))
    }

    async fn schema_version(&self, site: &Site, _: StoreOf<'_>) -> Result<Option<SchemaVersion>, OpenFault> {
        version(&Self::options(&site.config)).await
    }

    async fn upgrade_schema(&self, site: &Site, _: StoreOf<'_>) -> Result<Option<SchemaVersion>, OpenFault> {
        upgrade(&Self::options(&site.config)).await
    }
}

#[cfg(test)]
mod tests {
    use zaqar_config::{Config, Source, Sources, load};
    use zaqar_storage::{Driver, Role};

    use super::PostgresDriver;

    fn config(text: &str) -> Config {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let sources = Sources { paths: vec![Source::File(file.path().to_owned())], ..Sources::default() };
        let driver = PostgresDriver::default();
        let mut sections = driver.sections();
        sections.extend(driver.under_the_name_of_sqlalchemy().sections());
        load(&sources, &sections).unwrap().config
    }

    #[test]
    fn a_store_needs_a_uri_that_it_can_read() {
        let driver = PostgresDriver::default();
        let told = driver.refusals(&Config::default(), Role::Messages);
        assert!(told[0].contains("[drivers:message_store:postgresql] uri is not set"), "{told:?}");
        let told = driver.refusals(
            &config("[drivers:management_store:postgresql]\nuri = postgresql://u:hush@h/d?sslmode=always\n"),
            Role::Management,
        );
        assert!(told[0].contains("sslmode") && !told[0].contains("hush"), "{told:?}");
        let right = config("[drivers:message_store:postgresql]\nuri = postgresql://u:hush@h/d\n");
        assert!(driver.refusals(&right, Role::Messages).is_empty());
    }

    #[test]
    fn upstreams_sqlalchemy_means_this_driver_where_its_uri_does() {
        let driver = PostgresDriver::default().under_the_name_of_sqlalchemy();
        let told = |uri: &str| {
            let text = format!("[drivers:management_store:sqlalchemy]\nuri = {uri}\n");
            driver.refusals(&config(&text), Role::Management)
        };
        assert!(told("postgresql://u:p@h/zaqar").is_empty());
        assert!(told("postgresql+psycopg2://u:p@h/zaqar").is_empty());
        let mysql = told("mysql+pymysql://zaqar:hush@127.0.0.1/zaqar");
        assert!(mysql[0].contains("mysql+pymysql") && !mysql[0].contains("hush"), "{mysql:?}");
        assert_eq!(
            driver.refusals(&Config::default(), Role::Management).len(),
            1,
            "upstream's default is SQLite"
        );
    }
}
