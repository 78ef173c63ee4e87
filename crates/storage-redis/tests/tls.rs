//! TLS to a server: its certificate is looked at, and it gets one of ours.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use support::open;
use support::queue::Queue;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use zaqar_storage_redis::{Options, RedisMessageStore};
use zaqar_test_servers::{Engine, SharedRedis};

/// Writes `ca.pem`, and a certificate with its key for the server and one for the client.
fn make_certificates(into: &Path) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(into.join("ca.pem"), ca.pem()).unwrap();
    for (name, host) in [("server", "localhost"), ("client", "client")] {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        fs::write(into.join(format!("{name}.pem")), own.pem()).unwrap();
        fs::write(into.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

/// Ends TLS for a server that has none. Only who has a certificate of the same authority is let in.
async fn end_tls(files: &Path, server: String) -> u16 {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(files.join("ca.pem")).unwrap()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(files.join("server.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(files.join("server.key")).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut server = TcpStream::connect(server).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn both_sides_show_their_certificates() {
    let (files, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_certificates(files.path());
    make_certificates(others.path());
    let database = SharedRedis::database(Engine::Redis);
    let uri = database.uri();
    let server = uri.trim_start_matches("redis://").split('/').next().unwrap_or_default().to_owned();
    let port = end_tls(files.path(), server).await;
    let place = |host: &str| format!("rediss://{host}:{port}/{}", database.number());
    let trusting = |files: &Path| format!("tls_cafile={}", files.join("ca.pem").display());
    let showing = |files: &Path| {
        let file = |name: &str| files.join(name).display().to_string();
        format!("tls_certfile={}&tls_keyfile={}", file("client.pem"), file("client.key"))
    };
    let (own, other) = (files.path(), others.path());

    let both = format!("{}?{}&{}", place("localhost"), trusting(own), showing(own));
    let store = open(&Options::new(both)).await;
    let queue = Queue::of(&store);
    let posted = queue.post(2).await;
    assert_eq!(queue.all().await, posted);

    for refused in [
        format!("{}?{}&{}", place("localhost"), trusting(other), showing(own)),
        format!("{}?{}&{}", place("127.0.0.1"), trusting(own), showing(own)),
        format!("{}?{}", place("localhost"), trusting(own)),
        format!("{}?{}&{}", place("localhost"), trusting(own), showing(other)),
    ] {
        let options = Options { max_reconnect_attempts: 0, ..Options::new(&refused) };
        assert!(RedisMessageStore::open(&options).await.is_err(), "{refused}");
    }
}
