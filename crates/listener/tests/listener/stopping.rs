//! Connections at shutdown.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use zaqar_listener::ConnectionLimits;

use crate::echo::{STOP_NOTICE, expect, is_served, start};

#[tokio::test]
async fn connections_learn_that_the_server_stops_and_end_by_themselves() {
    let server = start(None, ConnectionLimits::default()).await;
    let mut client = server.connect().await;
    is_served(&mut client).await;
    let address = server.address;
    let stopped = server.stop();
    expect(&mut client, STOP_NOTICE).await;
    assert!(TcpStream::connect(address).await.is_err());
    is_served(&mut client).await;
    drop(client);
    stopped.await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_end_in_time_is_closed() {
    let server = start(
        None,
        ConnectionLimits { drain_timeout: Duration::from_secs(5), ..ConnectionLimits::default() },
    )
    .await;
    let mut client = server.connect().await;
    is_served(&mut client).await;
    let start = Instant::now();
    server.stop().await;
    assert_eq!(start.elapsed().as_secs(), 5);
    expect(&mut client, STOP_NOTICE).await;
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}
