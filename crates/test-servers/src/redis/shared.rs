//! One Redis and one Valkey for all tests of a run.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use super::{Engine, SOCKET, ask};
use crate::directory::Directory;
use crate::ports::Reserved;
use crate::shared::{Program, Shared};

/// More than a run has tests at a time: a number is given out again only after all others.
const DATABASES: u32 = 4096;

/// Used by this process until that ends.
#[derive(Debug)]
pub struct SharedRedis {
    server: Shared,
}

impl SharedRedis {
    /// An empty database of it. All databases share the channels, the scripts and the functions.
    pub fn database(engine: Engine) -> RedisDatabase {
        static USED: [OnceLock<SharedRedis>; 2] = [const { OnceLock::new() }; 2];
        let used = match engine {
            Engine::Redis => &USED[0],
            Engine::Valkey => &USED[1],
        };
        let shared = used.get_or_init(|| Self { server: Shared::join(&engine) });
        // The first database is nobody's but for this.
        let drawn: u32 = shared.run(0, &["INCR", "drawn"]).parse().unwrap();
        let database = RedisDatabase { server: shared, number: 1 + drawn % (DATABASES - 1) };
        // A killed test may have left something.
        database.run(&["FLUSHDB"]);
        database
    }

    fn run(&self, database: u32, words: &[&str]) -> String {
        let connection = UnixStream::connect(self.server.directory.join(SOCKET)).unwrap();
        connection.set_read_timeout(Some(ask::SILENCE)).unwrap();
        let select = ["SELECT", &database.to_string()];
        ask::ask_all(connection, &[&select, words]).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }
}

/// Of one test. Emptied when it goes out of scope.
#[derive(Debug)]
pub struct RedisDatabase {
    server: &'static SharedRedis,
    number: u32,
}

impl RedisDatabase {
    pub fn number(&self) -> u32 {
        self.number
    }

    /// By TCP.
    pub fn uri(&self) -> String {
        format!("redis://127.0.0.1:{}/{}", self.server.server.port, self.number)
    }

    /// What a command answers; a list has a line each.
    pub fn run(&self, words: &[&str]) -> String {
        self.server.run(self.number, words)
    }
}

impl Drop for RedisDatabase {
    fn drop(&mut self) {
        self.run(&["FLUSHDB"]);
    }
}

impl Program for Engine {
    fn name(&self) -> &'static str {
        (*self).name()
    }

    fn command(&self, directory: &Directory, port: &Reserved) -> Command {
        let databases = DATABASES.to_string();
        super::configure(
            directory.path(),
            port.number(),
            &[("databases", &databases), ("maxclients", "4000")],
        );
        super::command(*self, directory.path(), &[])
    }

    fn end(&self) -> &'static str {
        "TERM"
    }

    fn answers(&self, directory: &Path, _port: u16) -> bool {
        UnixStream::connect(directory.join(SOCKET)).is_ok_and(|connection| {
            connection.set_read_timeout(Some(ask::SILENCE)).is_ok() && ask::takes_commands(connection)
        })
    }
}
