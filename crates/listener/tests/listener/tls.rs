//! Clients that break off the TLS handshake, and certificates that change.

use std::sync::Arc;
use std::time::Duration;

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
use zaqar_listener::{ConnectionLimits, Tls};

use crate::echo::{Running, is_served, start};

/// A self-signed certificate, and a server configuration that uses it.
fn certificate() -> (CertificateDer<'static>, Arc<ServerConfig>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
    (cert.der().clone(), Arc::new(config))
}

struct TlsServer {
    running: Running,
    certificate: CertificateDer<'static>,
    current: watch::Sender<Arc<ServerConfig>>,
}

impl TlsServer {
    async fn start(limits: ConnectionLimits) -> Self {
        let (certificate, config) = certificate();
        let (current, configs) = watch::channel(config);
        let running = start(Some(Tls::new(configs)), limits).await;
        Self { running, certificate, current }
    }

    /// A connection that trusts `certificate` alone.
    async fn connect(&self, certificate: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let stream = self.running.connect().await;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    async fn serves_others(&self) {
        is_served(&mut self.connect(&self.certificate).await.unwrap()).await;
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_cut_off_and_the_others_are_served() {
    let server = TlsServer::start(ConnectionLimits::default()).await;
    for garbage in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x7f\x7f\x01", "\0\0\0\0\0\0\0\0\0"] {
        let mut stream = server.running.connect().await;
        stream.write_all(garbage.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(!rest.starts_with(garbage.as_bytes()));
    }
    server.serves_others().await;
    server.running.stop().await;
}

#[tokio::test]
async fn half_handshakes_stop_neither_the_others_nor_the_end() {
    let (tls_handshake_timeout, drain_timeout) = (Duration::MAX, Duration::MAX);
    let server = TlsServer::start(ConnectionLimits {
        tls_handshake_timeout,
        drain_timeout,
        ..ConnectionLimits::default()
    })
    .await;
    let mut half = Vec::new();
    for number in 0..500 {
        let mut stream = server.running.connect().await;
        if number % 2 == 0 {
            stream.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
        }
        half.push(stream);
    }
    server.serves_others().await;
    server.running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_must_be_done_in_time() {
    let server = TlsServer::start(ConnectionLimits::default()).await;
    let start = Instant::now();
    let mut stream = server.running.connect().await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    server.running.stop().await;
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections() {
    let server = TlsServer::start(ConnectionLimits::default()).await;
    let mut before = server.connect(&server.certificate).await.unwrap();
    let (newer, config) = certificate();
    server.current.send_replace(config);
    assert!(server.connect(&server.certificate).await.is_err());
    is_served(&mut before).await;
    is_served(&mut server.connect(&newer).await.unwrap()).await;
    drop(before);
    server.running.stop().await;
}
