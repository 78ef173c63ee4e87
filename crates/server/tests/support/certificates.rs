//! Certificates of an authority that a test makes for itself.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::server::Site;

/// An authority, whose own certificate is in a file of the site.
#[derive(Debug)]
pub(crate) struct Authority<'s> {
    site: &'s Site,
    issuer: Issuer<'static, KeyPair>,
}

impl<'s> Authority<'s> {
    /// Writes its certificate to `<name>.crt`.
    pub(crate) fn new(site: &'s Site, name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A certificate whose issuer has its own name would count as its own issuer.
        params.distinguished_name.push(DnType::CommonName, format!("{name} of the tests"));
        let key = KeyPair::generate().unwrap();
        site.write(&format!("{name}.crt"), &params.self_signed(&key).unwrap().pem());
        Self { site, issuer: Issuer::new(params, key) }
    }

    /// Writes a certificate for this machine to `<name>.crt`, its key to `<name>.key`.
    pub(crate) fn certify(&self, name: &str) {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        self.site.write(&format!("{name}.key"), &key.serialize_pem());
        self.site.write(&format!("{name}.crt"), &certificate.pem());
    }
}
