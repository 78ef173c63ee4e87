//! The driver: its options, and opening its stores. The same options for both stores, or for pools, are one
//! [`Keyspace`](crate::Keyspace), whose connections they share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zaqar_config::{Config, Secret, SectionSpec, section};
use zaqar_model::Pool;
use zaqar_storage::{
    CachedDestinations, Capabilities, Driver, ManagementStore, MessageStore, OpenFault, Role, Site,
    StorageError,
};

use crate::{Keyspaces, Options, RedisManagementStore, RedisMessageStore, uri};

const MESSAGES: &str = "drivers:message_store:redis";
const MANAGEMENT: &str = "drivers:management_store:redis";

section! {
    /// A store in Redis 7.0 or Valkey 8 or later, which any number of servers share.
    pub struct Redis;

    /// The URI. One server is `redis://user:password@host:6379/database`, and `rediss://` with TLS; a socket is
    /// `redis:/path/to/socket`; Sentinels and the name of their primary are `redis+sentinel://host:26379,other:26379/name`; a
    /// cluster is `redis+cluster://host:6379,other:6379`. Upstream's `redis://host,other?master=name` with its options
    /// `dbid`, `socket_timeout` (seconds that an answer is waited for), `sentinel_username` and `sentinel_password` is
    /// understood, too. The same URI and options for the message store and the management store are one set of connections.
    uri: Secret = "redis://127.0.0.1:6379";

    /// How often a connection is tried before requests are told at once that the server is away.
    max_reconnect_attempts: u32 = 10, at_most(1000);

    /// The longest delay between these attempts, in seconds. The first is a thirty-second of it, and each is twice the one
    /// before.
    reconnect_sleep: f64 = 1.0, at_least(0);

    /// Number of replicas that have a change before it is acknowledged. 0: none is waited for, and the change may be lost with
    /// the primary.
    wait_for_replicas: u32 = 0, at_most(100);

    /// Whether a change is on the disk of the primary, and on those of as many replicas as are waited for, before it is
    /// acknowledged. Needs Valkey, or Redis 7.2 or later, with `appendonly yes`.
    wait_for_aof: bool = false;

    /// What the names of all keys begin with. Installations that share a database need one each.
    prefix: String = "zaqar";

    /// Connections to each server.
    connections: u32 = 2, at_least(1), at_most(64);

    /// Timeout of connecting to a server, in seconds.
    connect_timeout: u32 = 5, at_least(1), at_most(300);

    /// Timeout of an answer, in seconds. `socket_timeout` of the URI takes precedence.
    response_timeout: u32 = 5, at_least(1), at_most(300);

    /// Timeout of a request, in seconds. What was certainly not done is tried again until then.
    request_timeout: u32 = 20, at_least(1), at_most(300);

    /// The file of the certificates that servers are trusted by, with `rediss://`. Without it, those of the system are.
    tls_cafile: Option<String> = None;

    /// The file of a certificate that servers are shown, with `rediss://`.
    tls_certfile: Option<String> = None;

    /// The file of its key.
    tls_keyfile: Option<String> = None;
}

impl Redis {
    fn at(&self, uri: &str) -> Options {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let path = |path: &Option<String>| path.as_ref().map(PathBuf::from);
        Options {
            uri: uri.to_owned(),
            prefix: self.prefix.clone(),
            connections: usize::try_from(self.connections).unwrap_or(usize::MAX),
            connect_timeout: seconds(self.connect_timeout),
            response_timeout: seconds(self.response_timeout),
            request_timeout: seconds(self.request_timeout),
            max_reconnect_attempts: self.max_reconnect_attempts,
            reconnect_sleep: self.reconnect_sleep,
            wait_for_replicas: self.wait_for_replicas,
            wait_for_aof: self.wait_for_aof,
            tls_cafile: path(&self.tls_cafile),
            tls_certfile: path(&self.tls_certfile),
            tls_keyfile: path(&self.tls_keyfile),
        }
    }
}

const fn group_of(role: Role) -> &'static str {
    match role {
        Role::Messages => MESSAGES,
        Role::Management => MANAGEMENT,
    }
}

fn options(config: &Config, role: Role) -> Options {
    let section = config.section::<Redis>(group_of(role));
    section.at(section.uri.expose())
}

/// A pool has the options of the message store, at its own URI; a member `prefix` of its options is that of its keys.
fn options_of_pool(config: &Config, pool: &Pool) -> Result<Options, OpenFault> {
    let mut options = config.section::<Redis>(MESSAGES).at(&pool.uri);
    if let Some(prefix) = pool.options.get("prefix") {
        let why = || OpenFault::BadUri("the option prefix of a Redis pool is a text".to_owned());
        prefix.as_str().ok_or_else(why)?.clone_into(&mut options.prefix);
    }
    options.check().map_err(OpenFault::BadUri)?;
    Ok(options)
}

fn fault(error: &StorageError) -> OpenFault {
    OpenFault::Unreachable(match error {
        StorageError::Driver(cause) | StorageError::Unavailable(cause) => cause.to_string(),
        error => error.to_string(),
    })
}

/// `redis`: both stores, and pools with URIs of Redis.
#[derive(Debug, Default)]
pub struct RedisDriver {
    keyspaces: Keyspaces,
}

#[async_trait::async_trait]
impl Driver for RedisDriver {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn has(&self, _role: Role) -> bool {
        true
    }

    fn sections(&self) -> Vec<SectionSpec> {
        [MESSAGES, MANAGEMENT].map(SectionSpec::new::<Redis>).to_vec()
    }

    fn refusals(&self, config: &Config, role: Role) -> Vec<String> {
        let group = group_of(role);
        options(config, role).check().err().map(|why| format!("[{group}] {why}")).into_iter().collect()
    }

    fn place(&self, site: &Site, role: Role) -> String {
        let options = options(&site.config, role);
        match uri::parse(&options.uri) {
            Ok(target) => format!("Redis {}, keys {}:…", target.shown(), options.prefix),
            Err(_) => "Redis".to_owned(),
        }
    }

    fn schemes(&self) -> &'static [&'static str] {
        &uri::SCHEMES
    }

    /// Whether a server keeps what it has acknowledged is known where its disk is waited for.
    fn capabilities(&self, config: &Config) -> Capabilities {
        let is_durable = config.section::<Redis>(MESSAGES).wait_for_aof;
        RedisMessageStore::capabilities_with(is_durable)
    }

    async fn open_messages(
        &self,
        site: &Site,
        pool: Option<&Pool>,
    ) -> Result<Arc<dyn MessageStore>, OpenFault> {
        let options = match pool {
            Some(pool) => options_of_pool(&site.config, pool)?,
            None => options(&site.config, Role::Messages),
        };
        let keyspace = self.keyspaces.open(&options).await.map_err(|error| fault(&error))?;
        let store = RedisMessageStore::on(keyspace).await.map_err(|error| fault(&error))?;
        Ok(Arc::new(store))
    }

    async fn open_management(&self, site: &Site) -> Result<Arc<dyn ManagementStore>, OpenFault> {
        let options = options(&site.config, Role::Management);
        let keyspace = self.keyspaces.open(&options).await.map_err(|error| fault(&error))?;
        let store = RedisManagementStore::on(keyspace, Arc::clone(&site.ids));
        Ok(Arc::new(CachedDestinations::over(Arc::new(store))))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zaqar_config::{Config, Source, Sources, load};
    use zaqar_model::{Metadata, Pool, PoolName, PoolWeight, RandomIds, SystemClock};
    use zaqar_storage::{Driver, OpenFault, Role, Site};

    use super::{MESSAGES, RedisDriver, options, options_of_pool};

    fn config(text: &str) -> Config {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let sources = Sources { paths: vec![Source::File(file.path().to_owned())], ..Sources::default() };
        load(&sources, &RedisDriver::default().sections()).unwrap().config
    }

    #[test]
    fn a_configuration_of_upstream_is_taken_as_it_is() {
        let config = config(
            "[drivers:message_store:redis]\nuri = redis://:hush@a:26379,b:26379?master=m&dbid=2&socket_timeout=0.5\n\
             max_reconnect_attempts = 3\nreconnect_sleep = 0.5\n",
        );
        let driver = RedisDriver::default();
        for role in [Role::Messages, Role::Management] {
            assert!(driver.refusals(&config, role).is_empty());
        }
        let own = options(&config, Role::Messages);
        assert_eq!((own.max_reconnect_attempts, own.reconnect_sleep), (3, 0.5));
        assert_eq!(options(&config, Role::Management).uri, "redis://127.0.0.1:6379", "upstream's default");
    }

    #[test]
    fn what_cannot_be_used_is_told_without_passwords() {
        let driver = RedisDriver::default();
        for (line, word) in [
            ("uri = mongodb://u:hush@h", "mongodb"),
            ("uri = redis://u:hush@a,b", "several servers"),
            ("uri = redis://u:hush@a?masters=m", "masters"),
            ("uri = redis://u:hush@a\nprefix = {a}", "prefix"),
            ("uri = redis://u:hush@a\ntls_certfile = a.pem", "tls_keyfile"),
        ] {
            let told = driver.refusals(&config(&format!("[{MESSAGES}]\n{line}\n")), Role::Messages);
            assert_eq!(told.len(), 1, "{line}: {told:?}");
            assert!(told[0].contains(word) && told[0].contains(MESSAGES), "{told:?}");
            assert!(!told[0].contains("hush"), "{told:?}");
        }
    }

    #[test]
    fn its_place_tells_no_password() {
        let driver = RedisDriver::default();
        for (uri, shown) in [
            ("redis://u:hush@a/3", "Redis a:6379/3, keys zaqar:…"),
            ("redis:/run/redis.sock", "Redis /run/redis.sock, keys zaqar:…"),
            ("redis://:hush@a,b?master=m&sentinel_password=hush", "Redis m of a:26379,b:26379, keys zaqar:…"),
            ("redis+cluster://u:hush@a,b:7000", "Redis cluster of a:6379,b:7000, keys zaqar:…"),
        ] {
            let config = Arc::new(config(&format!("[{MESSAGES}]\nuri = {uri}\n")));
            let site = Site::new(config, "data".into(), Arc::new(RandomIds), Arc::new(SystemClock));
            assert_eq!(driver.place(&site, Role::Messages), shown);
        }
    }

    #[test]
    fn a_pool_has_the_options_of_the_message_store() {
        let config = config(&format!("[{MESSAGES}]\nwait_for_replicas = 1\nwait_for_aof = true\n"));
        assert!(RedisDriver::default().capabilities(&config).durability);
        let options = Metadata::from_value(serde_json::json!({"prefix": "other"})).unwrap();
        let mut pool = Pool {
            name: PoolName::new("one").unwrap(),
            uri: "redis+cluster://a,b".to_owned(),
            weight: PoolWeight(1),
            flavor: None,
            options,
        };
        let own = options_of_pool(&config, &pool).unwrap();
        assert_eq!((own.prefix.as_str(), own.wait_for_replicas, own.wait_for_aof), ("other", 1, true));
        pool.uri = "redis://u:hush@a?nonsense=1".to_owned();
        let refused = options_of_pool(&config, &pool).unwrap_err();
        assert!(
            matches!(refused, OpenFault::BadUri(_)) && !refused.to_string().contains("hush"),
            "{refused}"
        );
    }
}
