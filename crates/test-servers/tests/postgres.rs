//! A PostgreSQL of a test's own: killed, paused, followed by a standby, and behind pgbouncer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use tokio_postgres::{Client, NoTls};
use zaqar_test_servers::{PgBouncer, Postgres};

async fn client(uri: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn numbers(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM numbers", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_kill_at_the_same_port() {
    let mut postgres = Postgres::start(&[("max_connections", "17")]);
    let uri = postgres.uri("postgres");
    let before = client(&uri).await;
    before.batch_execute("CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (1)").await.unwrap();
    let id = postgres.process.id();
    postgres.process.kill();
    assert!(before.simple_query("SELECT 1").await.is_err());
    assert!(tokio_postgres::connect(&uri, NoTls).await.is_err(), "nobody is there");
    postgres.process.start();
    assert_ne!(postgres.process.id(), id);
    let after = client(&uri).await;
    assert_eq!(numbers(&after).await, 1);
    postgres.process.stop();
    postgres.process.start();
    assert_eq!(postgres.run("SHOW max_connections"), "17");
}

#[tokio::test]
async fn a_paused_one_answers_when_it_goes_on() {
    let mut postgres = Postgres::start(&[("fsync", "off")]);
    let client = client(&postgres.uri("postgres")).await;
    client.batch_execute("SELECT 1").await.unwrap();
    postgres.process.pause();
    let question = tokio::spawn(async move { client.simple_query("SELECT 1").await.map(|_| ()) });
    // Nothing of it runs, that session neither.
    let letters = states_of(postgres.process.id().unwrap());
    assert!(letters.len() > 2 && letters.iter().all(|letter| *letter == 'T'), "{letters:?}");
    postgres.process.resume();
    question.await.unwrap().unwrap();
}

/// Those of a process and of its children that have not ended, as the system says.
fn states_of(id: u32) -> Vec<char> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let states = lines.filter_map(|line| {
        let of_it = line.starts_with(&format!("{id} ("));
        let rest = line.rsplit_once(") ")?.1.to_owned();
        let is_child = rest.split(' ').nth(1)? == id.to_string();
        (of_it || is_child).then(|| rest.chars().next())?
    });
    states.filter(|letter| *letter != 'Z').collect()
}

#[tokio::test]
async fn a_synchronous_standby_has_what_was_acknowledged_and_takes_over() {
    let mut primary = Postgres::start(&[]);
    let standby = primary.standby("second");
    primary.wait_for_each_commit_on("second");
    let writer = client(&primary.uri("postgres")).await;
    writer.batch_execute("CREATE TABLE numbers (number int)").await.unwrap();
    writer.batch_execute("INSERT INTO numbers VALUES (1)").await.unwrap();
    primary.process.kill();
    standby.promote();
    let reader = client(&standby.uri("postgres")).await;
    assert_eq!(numbers(&reader).await, 1);
    reader.batch_execute("INSERT INTO numbers VALUES (2)").await.unwrap();
    // The next standby is one of the new primary.
    let third = standby.standby("third");
    standby.wait_for_each_commit_on("third");
    reader.batch_execute("INSERT INTO numbers VALUES (3)").await.unwrap();
    assert_eq!(third.run("SELECT pg_is_in_recovery()"), "t");
}

#[tokio::test]
async fn pgbouncer_lends_one_session_to_many_clients() {
    let mut postgres = Postgres::start(&[("fsync", "off")]);
    let mut bouncer = PgBouncer::start(&postgres, &[("default_pool_size", "1")]);
    let uri = bouncer.uri("postgres");
    let [one, other] = [client(&uri).await, client(&uri).await];
    let session = "SELECT pg_backend_pid()";
    let [first, second] = [one.query_typed(session, &[]).await, other.query_typed(session, &[]).await];
    assert_eq!(first.unwrap()[0].get::<_, i32>(0), second.unwrap()[0].get::<_, i32>(0));
    bouncer.process.kill();
    assert!(one.simple_query(session).await.is_err());
    bouncer.process.start();
    client(&uri).await.simple_query(session).await.unwrap();
    postgres.process.kill();
    postgres.process.start();
    client(&uri).await.simple_query(session).await.unwrap();
}
