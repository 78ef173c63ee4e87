//! Standbys: copies of a PostgreSQL that follow it, and may take its place.

use std::fs;

use super::Postgres;
use crate::account::Account;
use crate::directory::Directory;
use crate::{programs, wait};

const NAMES: &str = "synchronous_standby_names";

impl Postgres {
    /// A copy that follows this server under a name, and has caught up when this returns.
    pub fn standby(&self, name: &str) -> Self {
        let directory = Directory::new();
        let account = Account::unprivileged();
        account.own(directory.path());
        let mut backup = account.command(programs::of_postgres().join("pg_basebackup"));
        backup.args([
            "--username=postgres",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--no-sync",
            "--pgdata",
        ]);
        backup.arg(directory.join("data")).arg("--host").arg(self.directory.path());
        programs::output_of(backup.args(["--port", &self.port.number().to_string()]));

        let data = directory.join("data");
        // It waits for no standby of its own when it takes over, until a test says so.
        fs::write(data.join("postgresql.auto.conf"), "").unwrap();
        fs::write(data.join("standby.signal"), "").unwrap();
        account.own(&data.join("standby.signal"));
        let primary =
            format!("host=127.0.0.1 port={} user=postgres application_name={name}", self.port.number());
        let inherited =
            self.settings.iter().filter(|(name, _)| name != NAMES && name != "primary_conninfo").cloned();
        let settings = inherited.chain([("primary_conninfo".to_owned(), primary)]).collect();
        let standby = Self::serve(directory, settings);
        self.wait_for_standby(name, "state = 'streaming' AND replay_lsn >= pg_current_wal_lsn()");
        standby
    }

    /// From now on nothing is acknowledged before the standby of that name has it.
    pub fn wait_for_each_commit_on(&self, name: &str) {
        self.run(&format!("ALTER SYSTEM SET {NAMES} = '{name}'"));
        self.run("SELECT pg_reload_conf()");
        self.wait_for_standby(name, "sync_state = 'sync'");
    }

    /// Makes a standby a server that takes changes.
    pub fn promote(&self) {
        assert_eq!(self.run("SELECT pg_promote()"), "t", "it is promoted");
    }

    fn wait_for_standby(&self, name: &str, is_so: &str) {
        let statement =
            format!("SELECT count(*) FROM pg_stat_replication WHERE application_name = '{name}' AND {is_so}");
        wait::until(&format!("{name}: {is_so}"), || (self.run(&statement) == "1").then_some(()));
    }
}
