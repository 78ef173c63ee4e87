//! Servers that share a database of their own, in one of the engines that can be shared.

use zaqar_test_servers::{Database, Engine, RedisDatabase, SharedPostgres, SharedRedis};

use super::server::Site;
use super::{postgresql, redis};

pub(crate) enum Installation {
    Postgresql(Database),
    Redis(RedisDatabase),
}

impl Installation {
    /// With tables.
    pub(crate) fn on_postgresql() -> Self {
        let installation = Self::Postgresql(SharedPostgres::database());
        postgresql::upgrade(&installation.site(""));
        installation
    }

    pub(crate) fn on_redis() -> Self {
        Self::Redis(SharedRedis::database(Engine::Redis))
    }

    /// One of its servers, with further options.
    pub(crate) fn site(&self, options: &str) -> Site {
        let configuration = match self {
            Self::Postgresql(database) => postgresql::configuration(&database.uri()),
            Self::Redis(database) => redis::configuration(&database.uri()),
        };
        Site::new(&format!("{configuration}{options}"))
    }
}
