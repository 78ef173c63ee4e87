//! The envelopes of requests and replies: `{"action": …, "headers": {…}, "body": {…}}`, and
//! `{"request": …, "body": …, "headers": {"status": …}}`.

use serde::Serialize;
use serde_json::value::RawValue;
use zaqar_domain::names::{KnownNames, Warnings};

use crate::members::Members;
use crate::reply::Reply;

/// A request, verbatim. The reply repeats it.
#[derive(Debug, Default)]
pub(crate) struct Envelope<'a> {
    pub(crate) action: Option<&'a RawValue>,
    pub(crate) headers: Option<&'a RawValue>,
    pub(crate) body: Option<&'a RawValue>,
}

/// The members of a request. The repeated request in a reply also has `api`.
const REQUEST: KnownNames<'static> = KnownNames::new("the request", &["action", "headers", "body", "api"]);

impl<'a> Envelope<'a> {
    /// `None`: the text is not an object.
    pub(crate) fn read(text: &'a str, warnings: &mut Warnings) -> Option<Self> {
        let members = Members::read(text)?;
        members.check_names(&REQUEST, warnings);
        Some(Self {
            action: members.raw("action"),
            headers: members.raw("headers"),
            body: members.raw("body"),
        })
    }

    /// The complete reply as JSON. It repeats `authenticate` without headers and body, which contain a secret.
    pub(crate) fn reply_text(&self, reply: &Reply, warnings: &Warnings) -> String {
        let is_secret = self.action.is_some_and(|action| action.get() == "\"authenticate\"");
        let echoed = |member: Option<&'a RawValue>| match member.filter(|_| !is_secret) {
            Some(given) => ValueOrEmpty::Given(given),
            None => ValueOrEmpty::Empty {},
        };
        // As in upstream, values that are false in Python become empty headers.
        let nothing = ["null", "[]", "\"\"", "0", "false"];
        let headers = echoed(self.headers.filter(|headers| !nothing.contains(&headers.get())));
        let document = ReplyDocument {
            request: EchoedRequest { action: self.action, body: echoed(self.body), headers, api: "v2" },
            body: &reply.body,
            headers: ReplyHeaders { status: reply.status, warnings: warnings.texts().collect() },
        };
        // Writing texts, numbers and validated JSON to memory cannot fail.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct ReplyDocument<'a> {
    request: EchoedRequest<'a>,
    body: &'a RawValue,
    headers: ReplyHeaders<'a>,
}

#[derive(Serialize)]
struct EchoedRequest<'a> {
    action: Option<&'a RawValue>,
    body: ValueOrEmpty<'a>,
    headers: ValueOrEmpty<'a>,
    api: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ValueOrEmpty<'a> {
    Given(&'a RawValue),
    Empty {},
}

#[derive(Serialize)]
struct ReplyHeaders<'a> {
    status: u16,
    /// Upstream's clients only read the status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'a str>,
}
