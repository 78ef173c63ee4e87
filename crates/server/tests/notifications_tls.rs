//! Subscribers of `https:`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use support::certificates::Authority;
use support::queues::{list_all, post, subscribe};
use support::server::{Server, Site};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// A receiver that speaks HTTP/2 by TLS, with the site's certificate of this name, and tells what it is spoken to in.
async fn receiver(site: &Site, name: &str) -> (SocketAddr, mpsc::UnboundedReceiver<Version>) {
    let certificates = CertificateDer::pem_file_iter(site.path(&format!("{name}.crt"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(site.path(&format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let certificates = certificates.map(Result::unwrap).collect();
    let mut config = config.with_no_client_auth().with_single_cert(certificates, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, tell) = (acceptor.clone(), tell.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |request: Request<Incoming>| {
                    let _ = tell.send(request.version());
                    async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
                });
                let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    (address, told)
}

#[tokio::test]
async fn by_tls_http_2_is_spoken_to_those_whom_an_authority_vouches_for() {
    let site = Site::new("");
    let known = Authority::new(&site, "known");
    known.certify("good");
    Authority::new(&site, "stranger").certify("bad");
    let (good, mut told) = receiver(&site, "good").await;
    let (bad, mut never) = receiver(&site, "bad").await;
    let mut command = site.command();
    command.env("SSL_CERT_FILE", site.path("known.crt"));
    let server = Server::start(command);
    let mut client = server.client();
    let policy = json!({
        "retries_with_no_delay": 0, "minimum_delay_retries": 0, "minimum_delay": 0, "maximum_delay": 10,
        "maximum_delay_retries": 0, "retry_backoff_function": "exponential",
    });
    let options = json!({"_retry_policy": policy, "_dead_letter_queue": "dead"});
    subscribe(&mut client, "secure", &format!("https://localhost:{}/", good.port()), &json!({}));
    subscribe(&mut client, "secure", &format!("https://localhost:{}/", bad.port()), &options);
    assert_eq!(post(&mut client, "secure", &[json!(1)]).unwrap().status, 201);
    assert_eq!(told.recv().await, Some(Version::HTTP_2));
    let mut letters = Vec::new();
    while letters.is_empty() {
        letters = list_all(&mut client, "dead");
        tokio::task::yield_now().await;
    }
    let reason = letters[0].body["reason"].as_str().unwrap();
    assert!(reason.contains("no connection: invalid peer certificate"), "{reason}");
    assert!(never.try_recv().is_err());
}
