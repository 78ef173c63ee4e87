//! TLS to the servers of a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// The files that TLS takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificates that are trusted; without it those of the system.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl TlsFiles {
    /// With these files where it names none.
    pub(crate) fn or(
        &self,
        ca: &Option<PathBuf>,
        certificate: &Option<PathBuf>,
        key: &Option<PathBuf>,
    ) -> Self {
        let own_or =
            |own: &Option<PathBuf>, other: &Option<PathBuf>| own.as_ref().or(other.as_ref()).cloned();
        Self {
            ca: own_or(&self.ca, ca),
            certificate: own_or(&self.certificate, certificate),
            key: own_or(&self.key, key),
        }
    }

    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, Cause> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match &self.ca {
            None => Arc::new(Verifier::new(provider.clone())?),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(ca)? {
                    roots.add(certificate)?;
                }
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?
            }
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        Ok(Arc::new(match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
                config.with_client_auth_cert(certificates(certificate)?, key)?
            }
            (None, None) => config.with_no_client_auth(),
            _ => return Err("tls_certfile and tls_keyfile are given together or not at all".into()),
        }))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|error| unreadable(path, &error))?;
    if read.is_empty() { Err(format!("{} holds no certificate", path.display()).into()) } else { Ok(read) }
}

fn unreadable(path: &Path, error: &rustls::pki_types::pem::Error) -> Cause {
    format!("{} cannot be read: {error}", path.display()).into()
}
