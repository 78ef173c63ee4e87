//! The Redis and the Valkey that all tests share.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use redis::AsyncCommands;
use zaqar_test_servers::{Engine, SharedRedis};

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    for (engine, name) in [(Engine::Redis, "redis"), (Engine::Valkey, "valkey")] {
        let [one, other] = [SharedRedis::database(engine), SharedRedis::database(engine)];
        assert_ne!(one.number(), other.number());
        let client = redis::Client::open(one.uri()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let () = connection.set("key", "value").await.unwrap();
        assert_eq!(one.run(&["GET", "key"]), "value");
        assert_eq!(other.run(&["EXISTS", "key"]), "0");
        assert!(one.run(&["INFO", "server"]).contains(name));
        drop(one);
        let left: Option<String> = connection.get("key").await.unwrap();
        assert_eq!(left, None);
    }
}
