//! TLS: what clients do to the handshake, and what is spoken behind it.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use zaqar_transport_http::{ServeOptions, Tls};

use crate::fixture::CLIENT;
use crate::sockets::{Running, read_all, start_secured};

/// A certificate that vouches for itself, and a server's configuration with it.
fn certificate() -> (CertificateDer<'static>, Arc<ServerConfig>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
    config.alpn_protocols = Tls::PROTOCOLS.map(<[u8]>::to_vec).into();
    (cert.der().clone(), Arc::new(config))
}

struct Secured {
    server: Running,
    certificate: CertificateDer<'static>,
    in_force: watch::Sender<Arc<ServerConfig>>,
}

async fn start(options: ServeOptions) -> Secured {
    let (certificate, config) = certificate();
    let (in_force, configs) = watch::channel(config);
    Secured { server: start_secured(Some(Tls::new(configs)), options).await, certificate, in_force }
}

impl Secured {
    /// A connection that trusts `certificate` alone and speaks these protocols.
    async fn connect(
        &self,
        certificate: &CertificateDer<'static>,
        protocols: &[&[u8]],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let stream = self.server.connect().await;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    async fn is_served(&self) {
        let mut stream = self.connect(&self.certificate, &[b"http/1.1"]).await.unwrap();
        stream.write_all(ping("close").as_bytes()).await.unwrap();
        assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 204"));
    }
}

fn ping(connection: &str) -> String {
    let ids = format!("Client-ID: {CLIENT}\r\nX-Project-ID: p");
    format!("GET /v2/ping HTTP/1.1\r\nHost: x\r\n{ids}\r\nConnection: {connection}\r\n\r\n")
}

#[tokio::test]
async fn http_1_is_spoken_with_clients_that_do_not_ask_for_http_2() {
    let secured = start(ServeOptions::default()).await;
    for protocols in [&[][..], &[&b"http/1.1"[..]]] {
        let mut stream = secured.connect(&secured.certificate, protocols).await.unwrap();
        stream.write_all(ping("close").as_bytes()).await.unwrap();
        assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 204"));
    }
    secured.server.stop().await;
}

#[tokio::test]
async fn http_2_is_spoken_with_clients_that_can() {
    let secured = start(ServeOptions::default()).await;
    let stream = secured.connect(&secured.certificate, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::builder().uri("https://localhost/").body(()).unwrap();
    let answer = client.ready().await.unwrap().send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(answer.status(), 300);
    drop(answer);
    secured.server.stop().await;
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_no_handshake_is_cut_off_and_the_others_are_served() {
    let secured = start(ServeOptions::default()).await;
    for garbage in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x7f\x7f\x01", "\0\0\0\0\0\0\0\0\0"] {
        let mut stream = secured.server.connect().await;
        stream.write_all(garbage.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(!rest.starts_with(b"HTTP"));
    }
    secured.is_served().await;
    secured.server.stop().await;
}

#[tokio::test]
async fn half_handshakes_do_not_stop_the_others() {
    let secured = start(ServeOptions::default()).await;
    let mut half = Vec::new();
    for number in 0..500 {
        let mut stream = secured.server.connect().await;
        if number % 2 == 0 {
            stream.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
        }
        half.push(stream);
    }
    secured.is_served().await;
    // Nor do they hold up the end.
    secured.server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_must_be_done_in_time() {
    let secured = start(ServeOptions::default()).await;
    let start = Instant::now();
    let mut stream = secured.server.connect().await;
    assert_eq!(read_all(&mut stream).await, "");
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    secured.server.stop().await;
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections() {
    let secured = start(ServeOptions::default()).await;
    let mut before = secured.connect(&secured.certificate, &[b"http/1.1"]).await.unwrap();
    let (newer, config) = certificate();
    secured.in_force.send_replace(config);
    assert!(secured.connect(&secured.certificate, &[]).await.is_err());
    let mut after = secured.connect(&newer, &[]).await.unwrap();
    for stream in [&mut before, &mut after] {
        stream.write_all(ping("close").as_bytes()).await.unwrap();
        assert!(read_all(stream).await.starts_with("HTTP/1.1 204"));
    }
    secured.server.stop().await;
}
