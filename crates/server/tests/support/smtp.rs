//! A real SMTP server in a process of its own.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::lines::Lines;
use super::server::Site;
use super::tools::Tools;

/// What it wants to hear.
pub(crate) const USER: &str = "zaqar";
pub(crate) const PASSWORD: &str = "open sesame";

/// Killed when it goes out of scope.
#[derive(Debug)]
pub(crate) struct SmtpServer {
    child: Child,
    pub(crate) port: u16,
    output: Lines,
}

impl SmtpServer {
    /// `security`: `tls`, `starttls` or `none`. With the certificate `mail.crt` of a site.
    pub(crate) fn start(security: &str, site: &Site) -> Self {
        let mut child = Command::new(&Tools::find().python)
            .arg(format!("{}/tests/python/smtp_server.py", env!("CARGO_MANIFEST_DIR")))
            .arg(security)
            .args([site.path("mail.crt"), site.path("mail.key")])
            .args([USER, PASSWORD])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Lines::collect(child.stdout.take().unwrap());
        let errors = Lines::collect(child.stderr.take().unwrap());
        let Some(line) = output.find(|line| line.starts_with("listening on ")) else {
            panic!("the SMTP server does not start:\n{}", errors.all().join("\n"));
        };
        let port = line.trim_start_matches("listening on ").parse().unwrap();
        Self { child, port, output }
    }

    /// The first mail to this recipient, as soon as it is there.
    pub(crate) fn mail_to(&self, recipient: &str) -> Value {
        let line = self.output.find(|line| line.contains(&format!("\"{recipient}\"")));
        serde_json::from_str(&line.unwrap()).unwrap()
    }

    /// Whether it has taken any mail so far.
    pub(crate) fn has_mail(&self) -> bool {
        self.output.find_so_far(|line| line.starts_with('{')).is_some()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
