//! `[ssl]`: TLS of the listener, by the names that oslo.service gives its options.

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
    /// TLS of the listener. It is on when `cert_file` and `key_file` are set. The files are read again when they change.
    pub struct Ssl;

    /// The file with the service's certificate, in PEM, followed by those of the authorities between it and the root.
    cert_file: Option<String> = None;

    /// The file with the private key of that certificate, in PEM and without a passphrase.
    key_file: Option<String> = None;

    /// The file with the certificates of the authorities that vouch for clients, in PEM. When it is set, only clients
    /// with a certificate of theirs are served.
    ca_file: Option<String> = None;

    /// The oldest version of TLS that clients may use.
    tls_min_version: TlsVersion = TlsVersion::V12;

    /// The only version of TLS that clients may use, as OpenSSL names it. `tls_min_version` has its place.
    version: Option<String> = None, without_effect();

    /// The ciphers that clients may use, as OpenSSL lists them. All that the service knows are good.
    ciphers: Option<String> = None, without_effect();
}
