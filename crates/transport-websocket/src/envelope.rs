//! What is around a request and its reply: `{"action": …, "headers": {…}, "body": {…}}`, and
//! `{"request": …, "body": …, "headers": {"status": …}}`.

use serde::Serialize;
use serde_json::value::RawValue;
use zaqar_domain::names::{KnownNames, Warnings};

use crate::members::Members;
use crate::reply::Reply;

/// A request as it came. Its reply shows it again.
#[derive(Debug, Default)]
pub(crate) struct Envelope<'a> {
    pub(crate) action: Option<&'a RawValue>,
    pub(crate) headers: Option<&'a RawValue>,
    pub(crate) body: Option<&'a RawValue>,
}

/// The members of a request. A reply that shows it again has `api` too.
const REQUEST: KnownNames<'static> = KnownNames::new("the request", &["action", "headers", "body", "api"]);

impl<'a> Envelope<'a> {
    /// `None`: the text is no object.
    pub(crate) fn read(text: &'a str, warnings: &mut Warnings) -> Option<Self> {
        let members = Members::read(text)?;
        members.check_names(&REQUEST, warnings);
        Some(Self {
            action: members.raw("action"),
            headers: members.raw("headers"),
            body: members.raw("body"),
        })
    }

    /// The whole reply as JSON. `authenticate` is shown without what came with it: that is a secret.
    pub(crate) fn answer(&self, reply: &Reply, warnings: &Warnings) -> String {
        let is_secret = self.action.is_some_and(|action| action.get() == "\"authenticate\"");
        let shown = |member: Option<&'a RawValue>| match member.filter(|_| !is_secret) {
            Some(given) => OrEmpty::Given(given),
            None => OrEmpty::Empty {},
        };
        // What is nothing to Python is shown as no headers.
        let nothing = ["null", "[]", "\"\"", "0", "false"];
        let headers = shown(self.headers.filter(|headers| !nothing.contains(&headers.get())));
        let whole = Shown {
            request: Request { action: self.action, body: shown(self.body), headers, api: "v2" },
            body: &reply.body,
            headers: Headers { status: reply.status, warnings: warnings.texts().collect() },
        };
        // Texts, numbers and JSON that was checked, into memory: nothing there can fail.
        serde_json::to_string(&whole).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    request: Request<'a>,
    body: &'a RawValue,
    headers: Headers<'a>,
}

#[derive(Serialize)]
struct Request<'a> {
    action: Option<&'a RawValue>,
    body: OrEmpty<'a>,
    headers: OrEmpty<'a>,
    api: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OrEmpty<'a> {
    Given(&'a RawValue),
    Empty {},
}

#[derive(Serialize)]
struct Headers<'a> {
    status: u16,
    /// Clients of upstream's look at the status alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'a str>,
}
