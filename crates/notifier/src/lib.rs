//! Takes due deliveries out of storage and performs them.

mod confirmation;
mod email;
mod engine;
mod guard;
mod http;
mod notice;
mod notification;
mod retry;
mod signature;
mod trust;
mod webhook;

pub use confirmation::{Confirmations, PublicEndpoints};
pub use email::{
    BadTemplate, Email, EmailOptions, EmailSetupError, MailProgram, MailTransport, SmtpLogin, SmtpSecurity,
    SmtpServer, Template,
};
pub use engine::{Bounds, BreakerOptions, Engine, EngineOptions, Senders};
pub use guard::{AddressGuard, Refusal};
pub use http::{
    BadUrl, Headers, HttpAnswer, HttpClient, HttpFailure, HttpOptions, LookUp, SystemNames, Target,
    TooManyHeaders,
};
pub use notice::{Answer, Notice, NoticeKind, Sender};
pub use retry::{Backoff, RetryPolicy, Verdict, judge, retry_after, with_jitter};
pub use signature::{Secrets, SignedHeaders};
pub use trust::TrustSender;
pub use webhook::{WebhookSender, WrongOption};
