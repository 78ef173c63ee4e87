//! The tables of the store, made and changed by numbered migrations.

use std::sync::Arc;

use uuid::Uuid;
use zaqar_model::StoreId;
use zaqar_storage::{StorageError, StorageResult};

use crate::Options;
use crate::connection::{Connector, Failed, Session, values};

/// The version that this program needs: the number of the last migration.
pub const NEEDED_VERSION: i32 = 2;

/// The migrations in their order.
const MIGRATIONS: [&str; 2] = [
    concat!(include_str!("0001_messages.sql"), include_str!("0001_moving.sql")),
    include_str!("0002_management.sql"),
];

/// Only one server at a time changes the schema.
const LOCK: i64 = 0x7a61_7161_7200;

/// The name of the schema, by which statements reach their tables: behind pgbouncer there is no `search_path`.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    quoted: Arc<str>,
    name: Arc<str>,
}

impl Tables {
    pub(crate) fn new(schema: &str) -> Self {
        let quoted = format!("\"{}\".", schema.replace('"', "\"\""));
        Self { quoted: quoted.into(), name: schema.into() }
    }

    /// A statement that is written for a schema `zaqar`.
    pub(crate) fn within(&self, sql: &str) -> String {
        sql.replace("zaqar.", &self.quoted)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The version that the database has; 0 if it has none.
pub async fn version(options: &Options) -> StorageResult<i32> {
    let (connector, tables) = options.connector()?;
    let session = connector.connect().await?;
    version_of(&session, &tables).await.map_err(|failed| failed.told(false))
}

/// Makes the schema, or brings it to the version that this program needs. Returns the version before and the one after.
pub async fn upgrade(options: &Options) -> StorageResult<(i32, i32)> {
    let (connector, tables) = options.connector()?;
    let session = connector.connect().await?;
    migrate(&session, &tables).await.map_err(|failed| failed.told(true))
}

/// Refuses a schema of another version; returns the id that this one was given when it was made.
pub(crate) async fn check(connector: &Connector, tables: &Tables) -> StorageResult<StoreId> {
    let session = connector.connect().await?;
    let found = version_of(&session, tables).await.map_err(|failed| failed.told(false))?;
    refuse_other(found, tables)?;
    identity(&session).await.map_err(|failed| failed.told(false))
}

async fn identity(session: &Session) -> Result<StoreId, Failed> {
    let row = session.first("SELECT store FROM zaqar.schema_version", &[]).await?;
    let id: Uuid = row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    Ok(StoreId::from_u128(id.as_u128()))
}

fn refuse_other(found: i32, tables: &Tables) -> StorageResult<()> {
    let (needed, name) = (NEEDED_VERSION, tables.name());
    if found == needed {
        return Ok(());
    }
    let what = if found == 0 {
        format!("the database has no tables of Zaqar in its schema {name}: run `zaqar db upgrade`")
    } else if found < needed {
        format!(
            "the schema {name} has version {found}, and this zaqar needs {needed}: run `zaqar db upgrade`"
        )
    } else {
        format!("the schema {name} has version {found}, and this zaqar knows {needed} at most: it is too old")
    };
    Err(StorageError::driver(what))
}

async fn version_of(session: &Session, tables: &Tables) -> Result<i32, Failed> {
    let exists =
        "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1::text AND tablename = 'schema_version'";
    if session.first(exists, values![tables.name() => TEXT]).await?.is_none() {
        return Ok(0);
    }
    let row = session.first("SELECT version FROM zaqar.schema_version", &[]).await?;
    Ok(row.map_or(0, |row| row.get(0)))
}

async fn migrate(session: &Session, tables: &Tables) -> Result<(i32, i32), Failed> {
    session.begin().await?;
    session.query("SELECT pg_advisory_xact_lock($1::int8)", values![LOCK => INT8]).await?;
    let before = version_of(session, tables).await?;
    if before > NEEDED_VERSION {
        refuse_other(before, tables)?;
    }
    if before == 0 {
        let bare = tables.within("zaqar.");
        session.script(&format!("CREATE SCHEMA IF NOT EXISTS {}", bare.trim_end_matches('.'))).await?;
        let made = "CREATE TABLE IF NOT EXISTS zaqar.schema_version
            (only_row bool PRIMARY KEY DEFAULT true CHECK (only_row), version int4 NOT NULL,
              store uuid NOT NULL DEFAULT gen_random_uuid());
            INSERT INTO zaqar.schema_version (version) VALUES (0) ON CONFLICT DO NOTHING";
        session.script(made).await?;
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(before).unwrap_or_default()) {
        session.script(migration).await?;
    }
    session
        .execute("UPDATE zaqar.schema_version SET version = $1::int4", values![NEEDED_VERSION => INT4])
        .await?;
    session.commit().await?;
    Ok((before, NEEDED_VERSION))
}
