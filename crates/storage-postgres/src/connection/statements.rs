//! The statements that are prepared in a session, so that the server reads and plans each once.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};

use super::Failed;
use super::session::Value;
use crate::schema::Tables;

/// By where its text stands in the program, with its length: so there are no more of them than the program has.
#[derive(Default)]
pub(super) struct Statements(Mutex<HashMap<(usize, usize), Statement>>);

impl Statements {
    pub(super) async fn prepared(
        &self,
        client: &Client,
        tables: &Tables,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Statement, Failed> {
        let place = (sql.as_ptr().addr(), sql.len());
        if let Some(known) = self.0.lock().get(&place) {
            return Ok(known.clone());
        }
        let types: Vec<Type> = values.iter().map(|(_, own)| own.clone()).collect();
        let statement = client.prepare_typed(&tables.within(sql), &types).await?;
        self.0.lock().insert(place, statement.clone());
        Ok(statement)
    }
}

impl std::fmt::Debug for Statements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Statements").field(&self.0.lock().len()).finish()
    }
}
