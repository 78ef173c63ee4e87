//! `[ssl]`: TLS of the listener, with the option names of oslo.service.

use crate::option_type::choices;
use crate::section::section;

choices! {
    /// A version of TLS.
    pub enum TlsVersion {
        /// TLS 1.2
        V12 = "1.2",
        /// TLS 1.3
        V13 = "1.3",
    }
}

section! {
    /// TLS of the listener. It is enabled if `cert_file` and `key_file` are set. Changed files are reloaded.
    pub struct Ssl;

    /// The file with the service's certificate in PEM, followed by the intermediate certificates.
    cert_file: Option<String> = None;

    /// The file with the private key of that certificate, in PEM, without a passphrase.
    key_file: Option<String> = None;

    /// The file with the CA certificates that verify clients, in PEM. If it is set, clients must have a certificate of
    /// these authorities.
    ca_file: Option<String> = None;

    /// The minimum TLS version.
    tls_min_version: TlsVersion = TlsVersion::V12;

    /// The only allowed TLS version, as OpenSSL names it. Use `tls_min_version` instead.
    version: Option<String> = None, without_effect();

    /// The allowed ciphers, in OpenSSL format. All ciphers of the service are strong.
    ciphers: Option<String> = None, without_effect();
}
