//! One connection that many requests share: they are sent one behind the other, and answered in that order.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, Value, cmd};
use tokio::task::JoinHandle;

use super::Reply;

pub(crate) struct Link {
    connection: MultiplexedConnection,
    driver: JoinHandle<()>,
    /// As the server calls it; `None` if it was not asked, or does not say.
    id: Option<i64>,
}

impl Link {
    pub(crate) const fn new(connection: MultiplexedConnection, driver: JoinHandle<()>) -> Self {
        Self { connection, driver, id: None }
    }

    /// Asks what the server calls it, so that it can be broken off.
    pub(crate) async fn learn_id(&mut self) {
        let mut ask = cmd("CLIENT");
        ask.arg("ID");
        self.id = self.ask(ask).await.ok().and_then(|id| id.int().ok());
    }

    /// The command that has the server do nothing more of what was sent on this connection: a request may still lie there
    /// unread, and would be done after the one that repeats it.
    pub(crate) fn killing(&self) -> Option<Cmd> {
        let mut kill = cmd("CLIENT");
        kill.arg("KILL").arg("ID").arg(self.id?);
        Some(kill)
    }

    /// The server has closed it, or it broke: a request that is handed to it now would not be sent.
    pub(crate) fn is_dead(&self) -> bool {
        self.driver.is_finished()
    }

    /// Sends commands and waits for an answer to each; those that the server refuses have an error as their answer.
    pub(crate) async fn send(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        self.connection.clone().send_packed_commands(commands, 0, commands.len()).await
    }

    /// The answer to one command.
    pub(crate) async fn ask(&self, command: Cmd) -> RedisResult<Value> {
        self.connection.clone().send_packed_command(&command).await?.extract_error()
    }
}

impl Link {
    /// Whoever waits for an answer is told that there will be none.
    pub(crate) fn end(&self) {
        self.driver.abort();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("is_dead", &self.is_dead()).finish_non_exhaustive()
    }
}
