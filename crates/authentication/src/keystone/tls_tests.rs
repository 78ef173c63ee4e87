//! Keystone behind TLS: its certificate, and the client certificate of the service.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::fake_keystone::{FakeKeystone, ManualClock, document};
use super::tests::{options, request};
use super::{Connection, Denied, Keystone};

/// A certificate authority, and the certificates of the fake Keystone and of the service.
struct Certificates {
    directory: TempDir,
    fake: TlsAcceptor,
}

impl Certificates {
    /// With `clients_too`, the fake Keystone requires client certificates.
    fn new(clients_too: bool) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let certified = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new([name.to_owned()]).unwrap();
            (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
        };
        let directory = TempDir::new().unwrap();
        let (certificate, key) = certified("zaqar");
        for (name, text) in [("ca.pem", authority.pem()), ("zaqar.pem", certificate), ("key.pem", key)] {
            fs::write(directory.path().join(name), text).unwrap();
        }

        let (certificate, key) = certified("127.0.0.1");
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let roots = Arc::new(roots);
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().unwrap();
        let config = if clients_too {
            config.with_client_cert_verifier(verifier)
        } else {
            config.with_no_client_auth()
        };
        let config = config.with_single_cert(chain, key).unwrap();
        Self { directory, fake: TlsAcceptor::from(Arc::new(config)) }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.directory.path().join(name))
    }

    /// Whether a service with this connection can validate a token.
    async fn can_ask(&self, change: impl FnOnce(&mut Connection)) -> bool {
        let fake = FakeKeystone::start_with(Some(self.fake.clone())).await;
        fake.add_token("good", document(&fake.url));
        let mut options = options(&fake.url);
        change(&mut options.connection);
        let keystone = Keystone::new(options, ManualClock::new()).unwrap();
        let answer = keystone.authenticate(&request(Some("good"), None)).await;
        assert!(answer.is_ok() || answer == Err(Denied::Unavailable));
        answer.is_ok()
    }
}

#[tokio::test]
async fn keystones_certificate_is_checked_unless_said_otherwise() {
    let certificates = Certificates::new(false);
    let ca = certificates.path("ca.pem");
    assert!(certificates.can_ask(|connection| connection.cafile = ca).await);
    let another = Certificates::new(false);
    let of_another = another.path("ca.pem");
    assert!(!certificates.can_ask(|connection| connection.cafile = of_another).await);
    assert!(certificates.can_ask(|connection| connection.insecure = true).await);
}

#[tokio::test]
async fn the_service_shows_its_own_certificate() {
    let certificates = Certificates::new(true);
    let [ca, certfile, keyfile] = ["ca.pem", "zaqar.pem", "key.pem"].map(|name| certificates.path(name));
    let with_ca = ca.clone();
    assert!(!certificates.can_ask(|connection| connection.cafile = with_ca).await);
    let shows_it = certificates.can_ask(|connection| {
        *connection = Connection { cafile: ca, certfile, keyfile, ..connection.clone() };
    });
    assert!(shows_it.await);
}
