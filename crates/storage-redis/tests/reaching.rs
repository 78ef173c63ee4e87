//! How servers are reached, and what happens while they are away.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test measures how long it waits")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::open;
use support::queue::Queue;
use zaqar_model::Clock;
use zaqar_storage::{MessageStore, StorageError};
use zaqar_storage_conformance::ManualClock;
use zaqar_storage_redis::{Options, RedisMessageStore};
use zaqar_test_servers::{Cut, Engine, Proxy, Redis, SharedRedis};

#[tokio::test]
async fn by_a_socket() {
    let server = Redis::start(Engine::Valkey, &[]);
    let by_name = open(&Options::new(server.uri())).await;
    let by_socket = open(&Options::new(format!("redis:{}", server.data().join("socket").display()))).await;
    assert_eq!(by_socket.identity(), by_name.identity(), "it is one place");
    let queue = Queue::of(&by_socket);
    let posted = queue.post(2).await;
    assert_eq!(queue.through(&by_name).all().await, posted);
}

#[tokio::test]
async fn with_user_and_password() {
    let user = "zaqar on >p@ss ~* &* +@all";
    let server = Redis::start(Engine::Redis, &[("requirepass", "secret"), ("user", user)]);
    let address = server.address();
    for login in [":secret", "zaqar:p%40ss"] {
        let queue = Queue::of(&open(&Options::new(format!("redis://{login}@{address}"))).await);
        let posted = queue.post(1).await;
        assert_eq!(queue.all().await, posted);
    }
    for login in ["", ":guessed@", "zaqar:guessed@"] {
        let options =
            Options { max_reconnect_attempts: 0, ..Options::new(format!("redis://{login}{address}")) };
        let refused = RedisMessageStore::open(&options).await.unwrap_err();
        assert!(matches!(refused, StorageError::Unavailable(_)), "{refused}");
        assert!(!refused.to_string().contains("guessed"), "{refused}");
    }
}

#[tokio::test]
async fn stores_on_one_server_are_apart() {
    let (database, other) = (SharedRedis::database(Engine::Redis), SharedRedis::database(Engine::Redis));
    let prefixed = Options { prefix: "other".to_owned(), ..Options::new(database.uri()) };
    let one = open(&Options::new(database.uri())).await;
    let queue = Queue::of(&one);
    let posted = queue.post(1).await;
    for others in [open(&prefixed).await, open(&Options::new(other.uri())).await] {
        assert_eq!(queue.through(&others).all().await, []);
        assert_ne!(others.identity(), one.identity());
    }
    assert_eq!(queue.all().await, posted);
}

/// Requests fail while a server is away, and the store is back when the server is.
#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let mut server = Redis::start(Engine::Redis, &[("appendonly", "yes")]);
    let options = Options { max_reconnect_attempts: 3, reconnect_sleep: 0.2, ..Options::new(server.uri()) };
    let store = open(&options).await;
    let queue = Queue::of(&store);
    let posted = queue.post(2).await;
    server.process.kill();
    let refused = queue.post_up_to(2, 1).await.unwrap_err();
    assert!(matches!(refused, StorageError::Unavailable(_)), "{refused}");
    for _ in 0..20 {
        assert!(matches!(queue.post_up_to(1, 1).await, Err(StorageError::Unavailable(_))));
    }
    assert!(!store.is_alive().await);
    server.process.start();
    while !store.is_alive().await {
        tokio::task::yield_now().await;
    }
    assert_eq!(queue.all().await, posted, "nothing was posted while it was away");
}

/// A server that is silent does not keep a request for ever.
#[tokio::test]
async fn a_silent_server_is_waited_for_only_so_long() {
    let database = SharedRedis::database(Engine::Redis);
    let uri = database.uri();
    let address = uri.trim_start_matches("redis://").split('/').next().unwrap_or_default();
    let proxy = Proxy::to(address.parse().unwrap());
    let behind = format!("redis://{}?dbid={}&socket_timeout=0.3", proxy.address(), database.number());
    let options = Options {
        connect_timeout: Duration::from_millis(300),
        max_reconnect_attempts: 1,
        ..Options::new(behind)
    };
    let store: Arc<dyn MessageStore> = open(&options).await;
    let queue = Queue::of(&store);
    let posted = queue.post(1).await;
    proxy.hold();
    let unknown = queue.post_up_to(1, 1).await.unwrap_err();
    assert!(matches!(unknown, StorageError::OutcomeUnknown(_)), "{unknown}");
    let unavailable = queue.post_up_to(1, 1).await.unwrap_err();
    assert!(matches!(unavailable, StorageError::Unavailable(_)), "nothing was sent: {unavailable}");
    proxy.pass();
    while !store.is_alive().await {
        tokio::task::yield_now().await;
    }
    assert_eq!(queue.all().await[..1], posted);
}

/// A request whose connection is lost may still lie on its way. It is not done any more once its outcome was told to be unknown:
/// or a purge that was made again would be made once more, later, and take what was posted since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_comes_late_is_not_done() {
    for engine in [Engine::Redis, Engine::Valkey] {
        let server = Redis::start(engine, &[]);
        let proxy = Proxy::to(server.address());
        let store = open(&Options::new(format!("redis://{}", proxy.address()))).await;
        let queue = Queue::of(&store);
        // The server knows the script from here on.
        queue.purge().await.unwrap();
        queue.post(2).await;
        proxy.cut_next(Cut::LateRequest, b"EVALSHA");
        let unknown = queue.purge().await.unwrap_err();
        assert!(matches!(unknown, StorageError::OutcomeUnknown(_)), "{unknown}");
        queue.purge().await.unwrap();
        // A purge does nothing while what another has left is still there.
        store.expire(ManualClock::new().now()).await.unwrap();
        let posted = queue.post(3).await;
        proxy.send_late();
        assert_eq!(queue.all().await, posted);
    }
}
