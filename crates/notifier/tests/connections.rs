//! Connections to subscribers are kept, within bounds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use zaqar_notifier::{AddressGuard, Headers, HttpClient, HttpOptions, LookUp};

/// With both ends of each connection in this process, more than the files that one may have open in most places.
const HOSTS: usize = 2000;

/// Every name is one of this machine.
struct Here;

#[async_trait::async_trait]
impl LookUp for Here {
    async fn look_up(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

fn client() -> HttpClient {
    // No connection is given up for its age within this test.
    let long = Duration::from_secs(3600);
    let options = HttpOptions {
        guard: AddressGuard { loopback: true, ..AddressGuard::default() },
        connect_timeout: long,
        answer_timeout: long,
        body_timeout: long,
    };
    HttpClient::new(&options, Arc::new(Here)).unwrap()
}

/// Of the connections that were made, how many the client has not asked to close.
#[derive(Default)]
struct Connections {
    made: AtomicUsize,
    kept: AtomicUsize,
}

async fn receiver() -> (u16, Arc<Connections>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, connections) = (listener.local_addr().unwrap().port(), Arc::new(Connections::default()));
    let counting = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counting.made.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream, Arc::clone(&counting)));
        }
    });
    (port, connections)
}

async fn serve(mut stream: TcpStream, connections: Arc<Connections>) {
    let mut is_counted = false;
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
        if !request.ends_with(b"\r\n\r\n{}") {
            continue;
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let closes = text.contains("\r\nconnection: close\r\n");
        if !closes && !is_counted {
            is_counted = true;
            connections.kept.fetch_add(1, Ordering::SeqCst);
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if stream.write_all(answer).await.is_err() || closes {
            return;
        }
        request.clear();
    }
}

async fn post(client: &HttpClient, host: usize, port: u16) {
    let url = format!("http://host-{host}.example:{port}/");
    let answer = client.post(&url, Headers::default(), Bytes::from_static(b"{}")).await;
    assert_eq!(answer.unwrap().status, 200);
}

#[tokio::test]
async fn many_hosts_do_not_use_up_the_files_of_the_process() {
    let (client, (port, connections)) = (client(), receiver().await);
    // A host's first connection is not kept.
    for host in 0..HOSTS {
        post(&client, host, port).await;
        post(&client, host, port).await;
    }
    let made = || connections.made.load(Ordering::SeqCst);
    let kept = connections.kept.load(Ordering::SeqCst);
    assert!((1..=256).contains(&kept) && made() == 2 * HOSTS, "{kept} of {} are kept", made());
    // Those that were there first go over their connections again, the others over new ones.
    post(&client, 0, port).await;
    assert_eq!(made(), 2 * HOSTS);
    post(&client, HOSTS - 1, port).await;
    assert_eq!(made(), 2 * HOSTS + 1);
}
