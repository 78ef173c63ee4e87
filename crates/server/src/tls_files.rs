//! The files of TLS: the listener's certificate and key, and the authorities that vouch for clients (`[ssl]`).

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use zaqar_config::{Ssl, TlsVersion};
use zaqar_transport_http::PROTOCOLS;

use crate::key_mode;
use crate::watched_files::{Stamp, WatchedFiles};

#[derive(Debug)]
pub(crate) struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
    authorities: Option<PathBuf>,
    oldest: TlsVersion,
}

impl TlsFiles {
    /// `None`: the listener speaks without TLS.
    ///
    /// # Errors
    ///
    /// Which option lacks another one.
    pub(crate) fn new(options: &Ssl) -> Result<Option<Self>, String> {
        let lacks = |set: &str, other: &str| Err(format!("[ssl] {set} is set, but {other} is not"));
        match (&options.cert_file, &options.key_file, &options.ca_file) {
            (Some(certificate), Some(key), authorities) => Ok(Some(Self {
                certificate: certificate.into(),
                key: key.into(),
                authorities: authorities.as_ref().map(PathBuf::from),
                oldest: options.tls_min_version,
            })),
            (Some(_), None, _) => lacks("cert_file", "key_file"),
            (None, Some(_), _) => lacks("key_file", "cert_file"),
            (None, None, Some(_)) => lacks("ca_file", "cert_file"),
            (None, None, None) => Ok(None),
        }
    }

    fn config(&self) -> Result<ServerConfig, String> {
        let chain = certificates("cert_file", &self.certificate)?;
        let wrong_key = |error: String| wrong("key_file", &self.key, error);
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| match error {
            rustls::pki_types::pem::Error::NoItemsFound => {
                wrong_key("there is no private key without a passphrase in it".to_owned())
            }
            error => wrong_key(error.to_string()),
        })?;
        let versions: &[&SupportedProtocolVersion] = match self.oldest {
            TlsVersion::V12 => rustls::ALL_VERSIONS,
            TlsVersion::V13 => &[&rustls::version::TLS13],
        };
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|error| format!("[ssl] tls_min_version: {error}"))?;
        let builder = match &self.authorities {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates("ca_file", path)? {
                    roots.add(certificate).map_err(|error| wrong("ca_file", path, error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| wrong("ca_file", path, error))?)
            }
        };
        let mut config =
            builder.with_single_cert(chain, key).map_err(|error| wrong_key(error.to_string()))?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(config)
    }
}

impl WatchedFiles for TlsFiles {
    type Content = Arc<ServerConfig>;
    const NAME: &'static str = "the certificate";

    fn stamp(&self) -> Stamp {
        Stamp::of([&self.certificate, &self.key].into_iter().chain(&self.authorities).cloned())
    }

    fn load(&self) -> Result<(Self::Content, Vec<String>), Vec<String>> {
        match self.config() {
            Ok(config) => {
                let remarks = key_mode::open_to_all("[ssl] key_file", &self.key);
                Ok((Arc::new(config), remarks.into_iter().collect()))
            }
            Err(error) => Err(vec![error]),
        }
    }
}

fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let listed = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match listed {
        Ok(certificates) if certificates.is_empty() => {
            Err(wrong(option, path, "there is no certificate in it"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(wrong(option, path, error)),
    }
}

fn wrong(option: &str, path: &Path, error: impl Display) -> String {
    format!("[ssl] {option} = {}: {error}", path.display())
}
