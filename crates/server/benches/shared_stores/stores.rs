//! One server of an engine, as durable as it can be, and a Zaqar on it.

use zaqar_test_servers::{Engine, Postgres, Redis};

use super::support::server::Server;

pub(crate) enum Store {
    PostgreSql(Postgres),
    Redis(Redis),
}

impl Store {
    pub(crate) fn start(engine: &str) -> Self {
        match engine {
            "postgresql" => Self::PostgreSql(Postgres::start(&[("max_connections", "300")])),
            "redis" => {
                let options = [
                    ("appendonly", "yes"),
                    ("appendfsync", "always"),
                    // Else what one contender has written is written anew in a round of another.
                    ("auto-aof-rewrite-percentage", "0"),
                ];
                Self::Redis(Redis::start(Engine::Redis, &options))
            }
            other => panic!("{other} is neither postgresql nor redis"),
        }
    }

    /// The engine's process.
    pub(crate) fn id(&self) -> u32 {
        let process = match self {
            Self::PostgreSql(server) => &server.process,
            Self::Redis(server) => &server.process,
        };
        process.id().unwrap()
    }

    /// A service with both of its stores there, and these options besides.
    pub(crate) fn zaqar(&self, options: &[(&str, &str)]) -> Server {
        let (driver, uri) = match self {
            Self::PostgreSql(server) => ("postgresql", server.uri("postgres")),
            Self::Redis(server) => ("redis", server.uri()),
        };
        let group = driver.to_ascii_uppercase();
        let [message_store, management_store] =
            ["MESSAGE", "MANAGEMENT"].map(|store| format!("DRIVERS_{store}_STORE_{group}__URI"));
        let mut all: Vec<(&str, String)> = vec![
            ("DRIVERS__MESSAGE_STORE", driver.to_owned()),
            ("DRIVERS__MANAGEMENT_STORE", driver.to_owned()),
            (&message_store, uri.clone()),
            (&management_store, uri),
        ];
        all.extend(options.iter().map(|(name, value)| (*name, (*value).to_owned())));
        if let Self::PostgreSql(_) = self {
            Server::make_tables(&all);
        }
        Server::zaqar(&all)
    }

    /// Has the engine do at once what it does within a minute behind the scenes, after much was written: the first plans of
    /// PostgreSQL know nothing of the tables.
    pub(crate) fn settle(&self) {
        if let Self::PostgreSql(server) = self {
            server.run("VACUUM (ANALYZE)");
            server.run("CHECKPOINT");
        }
    }
}
