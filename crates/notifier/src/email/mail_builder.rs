//! From a notice to a mail. Whatever a subscriber writes, it adds no header and no recipient to it.

use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, MessageBuilder};
use serde_json::{Map, Value};
use zaqar_domain::names::option::{FROM, SUBJECT};
use zaqar_model::{Metadata, Timestamp};

use super::link::link;
use super::mailto::{BadUri, Mailto};
use super::template::Template;
use crate::notice::{Notice, NoticeKind};

/// The most characters of a subject or a sender.
const LONGEST_LINE: usize = 500;

/// What makes mails of notices.
#[derive(Clone, Debug)]
pub(super) struct MailBuilder {
    /// Its sender is that of notifications, too, where a subscription names none.
    pub(super) confirmation: Template,
    pub(super) unsubscription: Template,
    /// `external_confirmation_url`.
    pub(super) confirmation_page: Option<String>,
}

/// Why no mail can be made of a notice. The texts are for the tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MailError {
    #[error("{0}")]
    Uri(#[from] BadUri),
    #[error("the {0} must be one line of at most {LONGEST_LINE} characters")]
    NoLine(&'static str),
    #[error("the sender is no mail address")]
    NoSender,
    #[error("the service has no page for confirmations: its operator has to set external_confirmation_url")]
    NoConfirmationPage,
    #[error("no mail can be made of it: {0}")]
    NoMail(String),
}

impl MailBuilder {
    pub(super) fn write(&self, notice: &Notice, now: Timestamp) -> Result<Message, MailError> {
        let mailto = Mailto::parse(&notice.subscriber)?;
        let (from, subject, body) = match notice.kind {
            NoticeKind::Notification => {
                let (from, subject) = head(&mailto, &notice.options)?;
                let body = String::from_utf8_lossy(&notice.document).into_owned();
                (from.unwrap_or_else(|| self.confirmation.sender.clone()), subject, body)
            }
            NoticeKind::SubscriptionConfirmation => self.about_subscription(&self.confirmation, notice)?,
            NoticeKind::UnsubscribeConfirmation => self.about_subscription(&self.unsubscription, notice)?,
        };
        let mut letter = headers(notice, &from, now).from(from).subject(subject);
        for recipient in mailto.recipients {
            letter = letter.to(Mailbox::new(None, recipient));
        }
        letter.body(body).map_err(|error| MailError::NoMail(error.to_string()))
    }

    /// Whether notifications of a subscription can be written.
    pub(super) fn check(subscriber: &str, options: &Metadata) -> Result<(), MailError> {
        head(&Mailto::parse(subscriber)?, options).map(|_| ())
    }

    fn about_subscription(
        &self,
        template: &Template,
        notice: &Notice,
    ) -> Result<(Mailbox, String, String), MailError> {
        let page = self.confirmation_page.as_ref().ok_or(MailError::NoConfirmationPage)?;
        let members: Map<String, Value> =
            serde_json::from_slice(&notice.document).map_err(|error| MailError::NoMail(error.to_string()))?;
        let link = link(page, &members, &notice.queue);
        let body = template.body(notice.queue.as_str(), notice.project.as_str(), &link);
        Ok((template.sender.clone(), template.topic.clone(), body))
    }
}

/// What does not depend on who writes to whom.
fn headers(notice: &Notice, from: &Mailbox, now: Timestamp) -> MessageBuilder {
    /// RFC 3834: answering machines do not answer.
    const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
    // At each attempt the same: whoever gets a mail twice can tell.
    let id = format!("<{}@{}>", notice.id, from.email.domain());
    Message::builder()
        .message_id(Some(id))
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_millis()))
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN)
}

/// The sender, where one is named, and the subject.
fn head(mailto: &Mailto, options: &Metadata) -> Result<(Option<Mailbox>, String), MailError> {
    let from = given(mailto.from.clone(), options, FROM)?;
    let from = from.map(|from| from.parse().map_err(|_| MailError::NoSender)).transpose()?;
    Ok((from, given(mailto.subject.clone(), options, SUBJECT)?.unwrap_or_default()))
}

/// A line that the URI or, failing that, an option gives.
fn given(
    in_uri: Option<String>,
    options: &Metadata,
    name: &'static str,
) -> Result<Option<String>, MailError> {
    let line = match (in_uri, options.get(name)) {
        (Some(line), _) => line,
        (None, None | Some(Value::Null)) => return Ok(None),
        (None, Some(option)) => option.as_str().ok_or(MailError::NoLine(name))?.to_owned(),
    };
    let is_line = !line.contains(char::is_control) && line.chars().count() <= LONGEST_LINE;
    if is_line { Ok(Some(line).filter(|line| !line.is_empty())) } else { Err(MailError::NoLine(name)) }
}

#[cfg(test)]
#[path = "mail_builder_tests.rs"]
mod tests;
