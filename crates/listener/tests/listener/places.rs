//! How many connections there may be at a time.

use std::io::ErrorKind;

use tokio::io::AsyncWriteExt;
use zaqar_listener::Bounds;

use crate::echo::{expect, is_served, start};

#[tokio::test]
async fn with_all_places_taken_the_next_waits_for_one() {
    let server = start(None, Bounds { max_connections: 2, ..Bounds::default() }).await;
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
async fn there_is_one_place_at_least() {
    let server = start(None, Bounds { max_connections: 0, ..Bounds::default() }).await;
    is_served(&mut server.connect().await).await;
    server.stop().await;
}
