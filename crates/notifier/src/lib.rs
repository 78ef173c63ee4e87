//! Takes due deliveries out of storage and performs them.

mod guard;
mod http;
mod notice;
mod retry;
mod signature;
mod webhook;

pub use guard::{AddressGuard, Refusal};
pub use http::{HttpAnswer, HttpClient, HttpFailure, HttpOptions, LookUp, SystemNames};
pub use notice::{Answer, Notice, NoticeKind, Sender};
pub use retry::{Backoff, RetryPolicy, Verdict, judge, retry_after, with_jitter};
pub use signature::{BadSecrets, Secrets, SignedHeaders};
pub use webhook::{WebhookSender, WrongOption};
