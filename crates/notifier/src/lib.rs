//! Takes due deliveries out of storage and performs them.

mod email;
mod guard;
mod notice;
mod retry;
mod signature;

pub use email::{
    BadTemplate, Email, EmailOptions, EmailSetupError, MailProgram, MailTransport, SmtpLogin, SmtpSecurity, SmtpServer,
    Template,
};
pub use guard::{AddressGuard, Refusal};
pub use notice::{Answer, Notice, NoticeKind, Sender};
pub use retry::{Backoff, RetryPolicy, Verdict, judge, retry_after, with_jitter};
pub use signature::{BadSecrets, Secrets, SignedHeaders};
