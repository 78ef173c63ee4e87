//! The PostgreSQL that all tests share.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use tokio_postgres::NoTls;
use zaqar_test_servers::SharedPostgres;

async fn client(uri: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let [one, other] = [SharedPostgres::database(), SharedPostgres::database()];
    assert_ne!(one.name(), other.name());
    client(&one.uri()).await.batch_execute("CREATE TABLE seen (number int)").await.unwrap();
    let client = client(&other.uri()).await;
    let row = client.query_one("SELECT count(*) FROM pg_tables WHERE tablename = 'seen'", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_database_goes_with_its_test_though_a_client_is_connected() {
    let witness = SharedPostgres::database();
    let database = SharedPostgres::database();
    let name = database.name().to_owned();
    let _client = client(&database.uri()).await;
    drop(database);
    assert_eq!(witness.run(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")), "0");
}
