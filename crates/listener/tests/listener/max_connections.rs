//! The maximum number of connections.

use std::io::ErrorKind;

use tokio::io::AsyncWriteExt;
use zaqar_listener::ConnectionLimits;

use crate::echo::{expect, is_served, start};

#[tokio::test]
async fn at_the_limit_the_next_connection_waits() {
    let server = start(None, ConnectionLimits { max_connections: 2, ..ConnectionLimits::default() }).await;
    let mut first = server.connect().await;
    let mut second = server.connect().await;
    is_served(&mut first).await;
    is_served(&mut second).await;

    let mut third = server.connect().await;
    third.write_all(b"Me, too.").await.unwrap();
    is_served(&mut first).await;
    assert_eq!(third.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(first);
    expect(&mut third, "Me, too.").await;
    drop((second, third));
    server.stop().await;
}

#[tokio::test]
async fn the_limit_is_at_least_one() {
    let server = start(None, ConnectionLimits { max_connections: 0, ..ConnectionLimits::default() }).await;
    is_served(&mut server.connect().await).await;
    server.stop().await;
}
