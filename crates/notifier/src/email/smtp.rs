//! Mail by SMTP, with a connection for each.

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use super::{EmailSetupError, answer};
use crate::notice::Answer;
use crate::retry::Verdict;

/// The server that takes mail.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    /// `None`: it takes mail without a login.
    pub login: Option<SmtpLogin>,
    /// The authorities that its certificate is checked against; the system's unless given.
    pub ca_file: Option<PathBuf>,
    /// For each step: connecting, TLS, the login, handing over.
    pub timeout: Duration,
}

/// Who the service is to the server.
#[derive(Clone)]
pub struct SmtpLogin {
    pub user: String,
    pub password: String,
}

/// Secrets are nobody's business.
impl std::fmt::Debug for SmtpLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpLogin").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte on.
    Tls,
    /// TLS by the command STARTTLS. A server that does not offer it gets no mail.
    StartTls,
    None,
}

/// A server, and what is needed for speaking to it.
pub(super) struct Smtp {
    server: SmtpServer,
    /// `None` where the connection is not protected.
    tls: Option<TlsParameters>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Why the server could not be spoken to. For the operator's log.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{step}: {error}")]
    Failed { step: &'static str, error: Error },
    #[error("{step}: no answer in time")]
    TooSlow { step: &'static str },
}

impl Smtp {
    pub(super) fn new(server: SmtpServer) -> Result<Self, EmailSetupError> {
        let tls = match server.security {
            SmtpSecurity::Tls | SmtpSecurity::StartTls => Some(tls(&server)?),
            SmtpSecurity::None => None,
        };
        Ok(Self { server, tls })
    }

    /// Connecting, STARTTLS, the login, handing over, the farewell.
    pub(super) fn longest_conversation(&self) -> Duration {
        self.server.timeout * 5
    }

    pub(super) async fn send(&self, letter: &Message) -> Answer {
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(failure) => {
                let server = &self.server.host;
                tracing::warn!(server, failure = failure.to_string(), "the mail server cannot be used");
                return answer(Verdict::TryAgain, None, "the service cannot use its mail server now");
            }
        };
        let mail = letter.formatted();
        let handing_over = connection.send(letter.envelope(), &mail);
        match tokio::time::timeout(self.server.timeout, handing_over).await {
            Ok(Ok(response)) => {
                // It has the mail, whatever it says to that.
                let _ = tokio::time::timeout(self.server.timeout, connection.quit()).await;
                delivered(&response)
            }
            Ok(Err(error)) => not_delivered(&error),
            Err(_) => answer(Verdict::TryAgain, None, "the mail server took too long"),
        }
    }

    /// A connection over which mail can be sent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let SmtpServer { host, port, security, login, timeout, .. } = &self.server;
        let name = ClientId::default();
        let from_the_start = self.tls.clone().filter(|_| *security == SmtpSecurity::Tls);
        let address = (host.as_str(), *port);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(address, Some(*timeout), &name, from_the_start, None);
        let mut connection = self.step("connecting", connecting).await?;
        if let (SmtpSecurity::StartTls, Some(tls)) = (security, &self.tls) {
            self.step("STARTTLS", connection.starttls(tls.clone(), &name)).await?;
        }
        if let Some(SmtpLogin { user, password }) = login {
            let credentials = Credentials::new(user.clone(), password.clone());
            self.step("the login", connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(connection)
    }

    async fn step<T>(
        &self,
        step: &'static str,
        taken: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.server.timeout, taken).await {
            Ok(outcome) => outcome.map_err(|error| Failure::Failed { step, error }),
            Err(_) => Err(Failure::TooSlow { step }),
        }
    }
}

fn delivered(response: &Response) -> Answer {
    let code = u16::from(response.code());
    let text = response.message().collect::<Vec<_>>().join(" ");
    answer(Verdict::Delivered, Some(code), &format!("{code} {text}"))
}

/// A reply of the server to the mail itself is what decides; where there was none, the mail may go through later.
fn not_delivered(error: &Error) -> Answer {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => {
            let code = u16::from(code);
            let verdict = if error.is_permanent() { Verdict::Refused } else { Verdict::TryAgain };
            answer(verdict, Some(code), &format!("{code} {text}"))
        }
        // The mail needs what the server does not have, such as addresses beyond ASCII.
        None if error.is_client() => answer(Verdict::Refused, None, &text),
        None => {
            tracing::warn!(error = error.to_string(), "the connection to the mail server broke");
            answer(Verdict::TryAgain, None, "the connection to the mail server broke")
        }
    }
}

fn tls(server: &SmtpServer) -> Result<TlsParameters, EmailSetupError> {
    let mut tls = TlsParameters::builder(server.host.clone());
    if let Some(path) = &server.ca_file {
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(authorities(path)?);
    }
    tls.build().map_err(|error| match &server.ca_file {
        Some(path) => unusable(path, &error),
        None => EmailSetupError::Tls(error.to_string()),
    })
}

fn authorities(path: &Path) -> Result<Certificate, EmailSetupError> {
    const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let pem = fs::read(path).map_err(|error| unusable(path, &error))?;
    if !pem.windows(MARK.len()).any(|window| window == MARK) {
        let path = path.to_owned();
        return Err(EmailSetupError::Authorities {
            path,
            reason: "there is no certificate in it".to_owned(),
        });
    }
    Certificate::from_pem(&pem).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> EmailSetupError {
    EmailSetupError::Authorities { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Smtp, SmtpLogin, SmtpSecurity, SmtpServer};

    #[test]
    fn secrets_are_nobodys_business() {
        let login = SmtpLogin { user: "zaqar".to_owned(), password: "open sesame".to_owned() };
        let server = SmtpServer {
            host: "mail.example.org".to_owned(),
            port: 25,
            security: SmtpSecurity::None,
            login: Some(login),
            ca_file: None,
            timeout: Duration::from_secs(1),
        };
        let shown = format!("{:?}", Smtp::new(server).unwrap());
        assert!(shown.contains("zaqar") && !shown.contains("sesame"), "{shown}");
    }

    #[test]
    fn a_file_without_certificates_is_told() {
        let server = SmtpServer {
            host: "mail.example.org".to_owned(),
            port: 465,
            security: SmtpSecurity::Tls,
            login: None,
            ca_file: Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()),
            timeout: Duration::from_secs(1),
        };
        let error = Smtp::new(server).unwrap_err().to_string();
        assert!(
            error.starts_with("[notification] smtp_ca_file = ") && error.ends_with("no certificate in it"),
            "{error}"
        );
    }
}
