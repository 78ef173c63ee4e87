//! A queue as many write it: one table with an index, and SKIP LOCKED.

use tokio_postgres::{Client, NoTls, Statement};
use zaqar_test_servers::Postgres;

use super::clients::{TEN, share_out};

const TABLE: &str = "
CREATE TABLE jobs (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue int4 NOT NULL, visible_at timestamptz NOT NULL DEFAULT now(),
  claim uuid, body bytea NOT NULL);
CREATE INDEX jobs_visible ON jobs (queue, visible_at, id)";
const CLAIM: &str = "
WITH taken AS MATERIALIZED (
  SELECT id FROM jobs WHERE queue = $1 AND visible_at <= now() ORDER BY visible_at, id LIMIT 10 FOR UPDATE SKIP LOCKED
)
UPDATE jobs j SET visible_at = now() + interval '12 hours', claim = gen_random_uuid()
FROM taken t WHERE j.id = t.id RETURNING j.id, j.claim, j.body";

struct Connection {
    client: Client,
    post: Statement,
    claim: Statement,
    delete: Statement,
}

pub(crate) struct SkipLocked {
    connections: Vec<Connection>,
}

impl SkipLocked {
    pub(crate) async fn make(server: &Postgres, clients: usize) -> Self {
        let (uri, mut connections) = (server.uri("postgres"), Vec::new());
        connect(&uri).await.batch_execute(TABLE).await.unwrap();
        for _ in 0..clients {
            let client = connect(&uri).await;
            let post = client.prepare("INSERT INTO jobs (queue, body) VALUES ($1, $2)").await.unwrap();
            let claim = client.prepare(CLAIM).await.unwrap();
            let delete = client.prepare("DELETE FROM jobs WHERE id = ANY($1)").await.unwrap();
            connections.push(Connection { client, post, claim, delete });
        }
        Self { connections }
    }

    /// Posts so many messages, one a commit.
    pub(crate) async fn post(&mut self, queue: i32, messages: usize) {
        let body = vec![b'x'; 1024];
        share_out(&mut self.connections, messages, async |own| {
            own.client.execute(&own.post, &[&queue, &body]).await.unwrap();
            1
        })
        .await;
    }

    pub(crate) async fn fill(&mut self, queue: i32, messages: usize) {
        let fill = "INSERT INTO jobs (queue, body) SELECT $1, $2 FROM generate_series(1, $3)";
        let messages = i32::try_from(messages).unwrap();
        let client = &self.connections[0].client;
        client.execute(fill, &[&queue, &vec![b'x'; 1024], &messages]).await.unwrap();
    }

    /// Claims so many messages, ten at once, and deletes them by their ids.
    pub(crate) async fn claim_and_delete(&mut self, queue: i32, messages: usize) {
        share_out(&mut self.connections, messages / TEN, async |own| {
            let claimed = own.client.query(&own.claim, &[&queue]).await.unwrap();
            let ids: Vec<i64> = claimed.iter().map(|row| row.get(0)).collect();
            if ids.is_empty() {
                return 0;
            }
            own.client.execute(&own.delete, &[&ids]).await.unwrap();
            1
        })
        .await;
    }
}

async fn connect(uri: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await.unwrap();
    // It ends with its client.
    tokio::spawn(connection);
    client
}
