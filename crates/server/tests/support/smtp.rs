//! A real SMTP server in a process of its own.

use std::process::Command;

use serde_json::Value;

use super::server::Site;
use super::service::Service;
use super::tools::Tools;

/// What it wants to hear.
pub(crate) const USER: &str = "zaqar";
pub(crate) const PASSWORD: &str = "open sesame";

#[derive(Debug)]
pub(crate) struct SmtpServer {
    process: Service,
    pub(crate) port: u16,
}

impl SmtpServer {
    /// `security`: `tls`, `starttls` or `none`. With the certificate `mail.crt` of a site.
    pub(crate) fn start(security: &str, site: &Site) -> Self {
        let mut command = Command::new(&Tools::find().python);
        command
            .arg(format!("{}/tests/python/smtp_server.py", env!("CARGO_MANIFEST_DIR")))
            .arg(security)
            .args([site.path("mail.crt"), site.path("mail.key")])
            .args([USER, PASSWORD]);
        let (process, port) = Service::start("the SMTP server", &mut command);
        Self { process, port: port.parse().unwrap() }
    }

    /// The first mail to this recipient, as soon as it is there.
    pub(crate) fn mail_to(&self, recipient: &str) -> Value {
        let line = self.process.output.find(|line| line.contains(&format!("\"{recipient}\"")));
        serde_json::from_str(&line.unwrap()).unwrap()
    }

    /// Whether it has taken any mail so far.
    pub(crate) fn has_mail(&self) -> bool {
        self.process.output.find_so_far(|line| line.starts_with('{')).is_some()
    }
}
