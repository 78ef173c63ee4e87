//! Mail to subscribers of the scheme `mailto`.
//!
//! Here live what a URI says (`mailto`), the mail that is made of a notice (`letter`, with `template` and `link` for mails
//! about a subscription), and the two ways to send it: a program (`program`) or an SMTP server (`smtp`). Both are the
//! operator's, so the guard on addresses has no say.

mod link;
mod mail_builder;
mod mailto;
mod program;
mod smtp;
mod template;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mail_builder::MailBuilder;
use smtp::Smtp;
use tokio::sync::Semaphore;
use zaqar_model::{Clock, Metadata};

pub use program::MailProgram;
pub use smtp::{SmtpLogin, SmtpSecurity, SmtpServer};
pub use template::{BadTemplate, Template};

use crate::notice::{Answer, Notice, Sender};
use crate::retry::Verdict;

/// The most characters that are kept of what a mail server says.
const LONGEST_EXCERPT: usize = 500;

/// So many mails are on their way at a time: each is a program that runs, or a connection to the one mail server.
const AT_ONCE: usize = 32;

/// What can be set about mail: `[notification]`.
#[derive(Clone, Debug)]
pub struct EmailOptions {
    pub transport: MailTransport,
    /// The mail that asks for a confirmation. Its sender is that of notifications, too, where a subscription names none.
    pub confirmation: Template,
    /// The mail that tells of an end.
    pub unsubscription: Template,
    /// The page that both lead to.
    pub confirmation_page: Option<String>,
}

/// How a mail is sent.
#[derive(Clone, Debug)]
pub enum MailTransport {
    Program(MailProgram),
    Server(SmtpServer),
}

/// Why no mail can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum EmailSetupError {
    #[error("[notification] smtp_ca_file = {}: {reason}", path.display())]
    Authorities { path: PathBuf, reason: String },
    #[error(
        "there can be no TLS towards the mail server: {0}; [notification] smtp_ca_file can name authorities"
    )]
    Tls(String),
}

/// Sends mail.
#[derive(Debug)]
pub struct Email {
    mail: MailBuilder,
    transport: Transport,
    room: Semaphore,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
enum Transport {
    Program(MailProgram),
    Server(Smtp),
}

impl Email {
    /// Connects to nobody yet.
    ///
    /// # Errors
    ///
    /// A file of certificates that cannot be used.
    pub fn new(options: EmailOptions, clock: Arc<dyn Clock>) -> Result<Self, EmailSetupError> {
        let EmailOptions { transport, confirmation, unsubscription, confirmation_page } = options;
        let transport = match transport {
            MailTransport::Program(program) => Transport::Program(program),
            MailTransport::Server(server) => Transport::Server(Smtp::new(server)?),
        };
        let mail = MailBuilder { confirmation, unsubscription, confirmation_page };
        Ok(Self { mail, transport, room: Semaphore::new(AT_ONCE), clock })
    }

    /// No attempt takes longer: it waits for room as long as it may take to send.
    pub fn longest_attempt(&self) -> Duration {
        self.longest_sending() * 2
    }

    fn longest_sending(&self) -> Duration {
        match &self.transport {
            Transport::Program(program) => program.timeout,
            Transport::Server(server) => server.longest_conversation(),
        }
    }
}

#[async_trait::async_trait]
impl Sender for Email {
    async fn send(&self, notice: &Notice) -> Answer {
        let letter = match self.mail.write(notice, self.clock.now()) {
            Ok(letter) => letter,
            Err(error) => return answer(Verdict::Refused, None, &error.to_string()),
        };
        let room = tokio::time::timeout(self.longest_sending(), self.room.acquire());
        let Ok(_room) = room.await else {
            return answer(Verdict::NotMade, None, "the service has too many mails to send now");
        };
        match &self.transport {
            Transport::Program(program) => program.send(&letter).await,
            Transport::Server(server) => server.send(&letter).await,
        }
    }

    fn check(&self, subscriber: &str, options: &Metadata) -> Result<(), String> {
        MailBuilder::check(subscriber, options).map_err(|error| error.to_string())
    }
}

fn answer(verdict: Verdict, status: Option<u16>, text: &str) -> Answer {
    let excerpt = text.chars().take(LONGEST_EXCERPT).collect();
    Answer { verdict, status, excerpt, retry_after: None }
}
