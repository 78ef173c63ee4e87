//! Sends a notice as an HTTP request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use zaqar_model::{Clock, MessageId, Metadata};

use super::{body, headers};
use crate::guard::Refusal;
use crate::http::{Headers, HttpAnswer, HttpClient, HttpFailure, TooManyHeaders};
use crate::notice::{Answer, Notice, Sender};
use crate::notification::smallest_document;
use crate::retry::{Verdict, judge, retry_after};
use crate::signature::Secrets;

/// An option of the subscription with which no request can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongOption(pub String);

impl From<TooManyHeaders> for WrongOption {
    fn from(error: TooManyHeaders) -> Self {
        Self(format!("post_headers: {error}"))
    }
}

/// For `http:` and `https:` subscribers.
#[derive(Clone, Debug)]
pub struct WebhookSender {
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl WebhookSender {
    pub const fn new(http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        Self { http, clock }
    }

    /// No attempt takes longer.
    pub fn longest_attempt(&self) -> Duration {
        self.http.longest_attempt()
    }

    /// Posts a notice to this URL. Of the headers in `more`, none gives way to those that the subscription asks for.
    pub async fn post(&self, notice: &Notice, url: &str, more: HeaderMap) -> Answer {
        match self.try_post(notice, url, more).await {
            Ok(answer) => answer,
            // As long as the subscription is as it is, no request can be made.
            Err(WrongOption(excerpt)) => {
                Answer { verdict: Verdict::Refused, status: None, excerpt, retry_after: None }
            }
        }
    }

    async fn try_post(&self, notice: &Notice, url: &str, more: HeaderMap) -> Result<Answer, WrongOption> {
        let (headers, body) = self.request(&notice.options, notice.id, &notice.document, more)?;
        Ok(match self.http.post(url, headers, body).await {
            Ok(answer) => self.read(answer),
            Err(failure) => failure.into(),
        })
    }

    fn request(
        &self,
        options: &Metadata,
        id: MessageId,
        document: &Bytes,
        more: HeaderMap,
    ) -> Result<(Headers, Bytes), WrongOption> {
        let secrets = Secrets::of(options).map_err(|error| WrongOption(error.to_string()))?;
        let body = body::body(options, document)?;
        let mut headers = headers::wanted(options)?;
        let id = id.to_string();
        let signed = secrets.sign(&id, self.clock.now(), &body);
        headers::add_own(&mut headers, &id, signed)?;
        headers.extend(more)?;
        Ok((headers, body))
    }

    /// Whether the smallest notification can be made a request with these options, and sent to this URL. `more` as for
    /// [`post`](Self::post).
    pub(crate) fn check_request(&self, url: &str, options: &Metadata, more: HeaderMap) -> Result<(), String> {
        match self.http.check(url) {
            // Taken although nothing is sent there: upstream's own clients and tests number subscribers, as `http://1`.
            Ok(_) | Err(HttpFailure::Guarded(Refusal::Unspecified(_))) => {}
            Err(failure) => return Err(failure.to_string()),
        }
        let request = self.request(options, MessageId::from_u128(0), &smallest_document(), more);
        request.map(|_| ()).map_err(|error| error.to_string())
    }

    fn read(&self, answer: HttpAnswer) -> Answer {
        let HttpAnswer { status, retry_after: header, excerpt } = answer;
        let retry_after = header.and_then(|header| retry_after(&header, self.clock.now()));
        Answer { verdict: judge(status), status: Some(status), excerpt, retry_after }
    }
}

#[async_trait::async_trait]
impl Sender for WebhookSender {
    async fn send(&self, notice: &Notice) -> Answer {
        self.post(notice, url(&notice.subscriber), HeaderMap::new()).await
    }

    fn check(&self, subscriber: &str, options: &Metadata) -> Result<(), String> {
        self.check_request(url(subscriber), options, HeaderMap::new())
    }
}

fn url(subscriber: &str) -> &str {
    subscriber.trim_start_matches(|c| c <= ' ')
}
