//! What a subscriber's URL may make the server connect to.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use zaqar_notifier::{AddressGuard, Headers, HttpClient, HttpFailure, HttpOptions, LookUp};

/// Names with the addresses that they have, one set after the other.
#[derive(Default)]
struct Names(Mutex<HashMap<&'static str, Vec<Vec<IpAddr>>>>);

impl Names {
    fn of(names: &[(&'static str, &[&[&str]])]) -> Arc<Self> {
        let parse = |set: &&[&str]| set.iter().map(|address| address.parse().unwrap()).collect();
        let names = names.iter().map(|(name, sets)| (*name, sets.iter().map(parse).collect()));
        Arc::new(Self(Mutex::new(names.collect())))
    }
}

#[async_trait::async_trait]
impl LookUp for Names {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let sets = names.get_mut(name).ok_or_else(|| std::io::Error::other("there is no such name"))?;
        Ok(if sets.len() > 1 { sets.remove(0) } else { sets[0].clone() })
    }
}

fn client(guard: AddressGuard, names: Arc<Names>) -> HttpClient {
    let options = HttpOptions {
        guard,
        connect_timeout: Duration::from_secs(20),
        answer_timeout: Duration::from_secs(20),
        body_timeout: Duration::from_secs(20),
    };
    HttpClient::new(&options, names).unwrap()
}

async fn post(client: &HttpClient, url: &str) -> Result<u16, HttpFailure> {
    client.post(url, Headers::default(), Bytes::from_static(b"{}")).await.map(|answer| answer.status)
}

/// A receiver on loopback: its port, and how many requests have come.
async fn receiver(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, requests) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, requests)
}

#[tokio::test]
async fn no_way_to_write_an_address_or_a_name_gets_past_the_guard() {
    let (port, requests) = receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let names = Names::of(&[
        ("localhost", &[&["127.0.0.1", "::1"]]),
        ("localhost.", &[&["127.0.0.1"]]),
        ("inside.example", &[&["127.0.0.1"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
        ("metadata.google.internal", &[&["169.254.169.254"]]),
        ("mapped.example", &[&["::ffff:127.0.0.1"]]),
        ("nat64.example", &[&["64:ff9b::7f00:1"]]),
        ("both.example", &[&["127.0.0.1", "169.254.169.254"]]),
        ("127.0.0.1.nip.io", &[&["127.0.0.1"]]),
    ]);
    let client = client(AddressGuard::default(), names);
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "%31%32%37.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "user:password@127.0.0.1",
        "example.org@127.0.0.1",
        "169.254.169.254",
        "2852039166",
        "0xA9FEA9FE",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "100.100.100.200",
        "224.0.0.1",
        "255.255.255.255",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "inside.example",
        "INSIDE.example",
        "metadata.example",
        "metadata.google.internal",
        "mapped.example",
        "nat64.example",
        "both.example",
        "127.0.0.1.nip.io",
    ] {
        for scheme in ["http", "https"] {
            let outcome = post(&client, &format!("{scheme}://{host}:{port}/")).await;
            assert!(matches!(outcome, Err(HttpFailure::Guarded(_))), "{scheme}://{host}: {outcome:?}");
        }
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_judged_each_time_by_the_one_connected_to() {
    let (port, requests) =
        receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    let allowed = AddressGuard { allowed: vec!["127.0.0.1/32".parse().unwrap()], ..AddressGuard::default() };
    // Only the first of the addresses may be connected to, and every connection asks once.
    let names =
        Names::of(&[("rebinding.example", &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.2", "127.0.0.1"]])]);
    let client = client(allowed, names);
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(post(&client, &url).await.unwrap(), 200);
    assert!(matches!(post(&client, &url).await, Err(HttpFailure::Guarded(_))));
    assert_eq!(post(&client, &url).await.unwrap(), 200);
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn redirects_lead_nowhere() {
    let (inside, never) = receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    for target in ["http://169.254.169.254/latest/meta-data/", &format!("http://127.0.0.1:{inside}/")] {
        for status in ["301", "302", "303", "307", "308"] {
            let answer =
                format!("HTTP/1.1 {status} Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
            let (port, requests) = receiver(Box::leak(answer.into_boxed_str())).await;
            let client = client(AddressGuard { loopback: true, ..AddressGuard::default() }, Names::of(&[]));
            let outcome = post(&client, &format!("http://127.0.0.1:{port}/")).await;
            assert_eq!(outcome.unwrap().to_string(), status);
            assert_eq!(requests.load(Ordering::SeqCst), 1);
        }
    }
    assert_eq!(never.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_no_url_of_a_host_is_told_so() {
    let client = client(AddressGuard::default(), Names::of(&[]));
    for bad in
        ["http://", "http:///", "http://[::1", "http://a b/", "http://999.1.1.1/", "http://:80/", "http:"]
    {
        assert!(matches!(post(&client, bad).await, Err(HttpFailure::BadUrl(_))), "{bad}");
    }
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_connection() {
    // Bound, so that nobody else listens there meanwhile.
    let unused = TcpSocket::new_v4().unwrap();
    unused.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address: SocketAddr = unused.local_addr().unwrap();
    let client = client(AddressGuard { loopback: true, ..AddressGuard::default() }, Names::of(&[]));
    let failure = post(&client, &format!("http://{address}/")).await.unwrap_err();
    assert!(matches!(failure, HttpFailure::NotReached(_)), "{failure}");
    assert!(!failure.to_string().contains("http"), "{failure}");
    let failure = post(&client, "http://nowhere.example/").await.unwrap_err();
    assert_eq!(failure.to_string(), "no connection: there is no such name");
}
