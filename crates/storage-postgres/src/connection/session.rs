//! One connection to the server, and the statements on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::Failed;
use super::statements::Statements;
use super::timeline::Timeline;
use crate::schema::Tables;

/// A value of a statement with its type.
pub(crate) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// Values with their types: `values![number => INT8, body => BYTEA]`.
macro_rules! values {
    ($($value:expr => $type:ident),* $(,)?) => {
        &[$((&$value as &(dyn tokio_postgres::types::ToSql + Sync), tokio_postgres::types::Type::$type)),*]
    };
}
pub(crate) use values;

#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    tables: Tables,
    in_doubt: Arc<AtomicBool>,
    pub(super) timeline: Option<Timeline>,
    /// Under which the server lists it.
    pub(super) name: String,
    /// Those that are prepared; none behind a pooler.
    statements: Option<Statements>,
}

impl Session {
    pub(super) fn new(
        client: Client,
        tables: Tables,
        in_doubt: Arc<AtomicBool>,
        timeline: Option<Timeline>,
        name: String,
        is_direct: bool,
    ) -> Self {
        let statements = is_direct.then(Statements::default);
        Self { client, tables, in_doubt, timeline, name, statements }
    }

    /// The rows of a statement, in which `zaqar.` stands for the schema.
    pub(crate) async fn query(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Failed> {
        let Some(statements) = &self.statements else {
            return Ok(self.client.query_typed(&self.tables.within(sql), values).await?);
        };
        let statement = statements.prepared(&self.client, &self.tables, sql, values).await?;
        Ok(self.client.query(&statement, &without_types(values)).await?)
    }

    /// Its first row, if there is one.
    pub(crate) async fn first(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Option<Row>, Failed> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// How many rows it touched.
    pub(crate) async fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Failed> {
        let Some(statements) = &self.statements else {
            return Ok(self.client.execute_typed(&self.tables.within(sql), values).await?);
        };
        let statement = statements.prepared(&self.client, &self.tables, sql, values).await?;
        Ok(self.client.execute(&statement, &without_types(values)).await?)
    }

    /// Statements without values, one after the other.
    pub(crate) async fn script(&self, sql: &str) -> Result<(), Failed> {
        Ok(self.client.batch_execute(&self.tables.within(sql)).await?)
    }

    pub(crate) async fn begin(&self) -> Result<(), Failed> {
        self.script("BEGIN").await
    }

    pub(crate) async fn commit(&self) -> Result<(), Failed> {
        self.script("COMMIT").await
    }

    /// Ends what a failed piece of work has begun.
    pub(super) async fn roll_back(&self) -> bool {
        self.script("ROLLBACK").await.is_ok()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Whether the server has warned since that a commit may not have reached a standby.
    pub(super) fn was_in_doubt(&self) -> bool {
        self.in_doubt.swap(false, Ordering::SeqCst)
    }
}

fn without_types<'a>(values: &[Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|(value, _)| *value).collect()
}
