//! The handlers, one file per noun. A handler reads the body, calls the domain and writes the reply.

pub(crate) mod claims;
pub(crate) mod messages;
pub(crate) mod queues;
pub(crate) mod subscriptions;

use std::sync::Arc;

use zaqar_domain::Zaqar;
use zaqar_model::{Caller, DestinationKind, DestinationName};

use crate::members::Members;
use crate::reply::Reply;

/// A validated request of an authenticated caller.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) zaqar: &'a Arc<Zaqar>,
    pub(crate) caller: &'a Caller,
    /// The kind that a listing returns.
    pub(crate) kind: DestinationKind,
    pub(crate) destination: Option<DestinationName>,
    pub(crate) body: Members<'a>,
}

impl Request<'_> {
    /// The queue or topic of the request.
    pub(crate) fn destination(&self) -> Result<&DestinationName, Reply> {
        self.destination.as_ref().ok_or_else(|| Reply::error(400, "This action requires a queue or a topic."))
    }

    /// A text that the schema requires.
    pub(crate) fn text(&self, name: &str) -> String {
        self.body.text(name).unwrap_or_default()
    }

    /// An optional integer. `null` counts as absent.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Reply> {
        let given = self.body.raw(name).filter(|value| value.get() != "null");
        given.map(|_| self.body.get(name).ok_or_else(|| wrong_type(name, "int"))).transpose()
    }

    /// Converts a value to a boolean as in oslo.utils: some texts mean true, and all others mean false.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        let value = self.body.raw(name).filter(|value| value.get() != "null")?;
        let text = self.body.text(name).unwrap_or_else(|| value.get().to_owned());
        Some(["t", "true", "on", "y", "yes", "1"].contains(&text.trim().to_lowercase().as_str()))
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Reply> {
        let given = self.body.raw(name).is_some();
        let refused = || Reply::bad_request(format!("The items of the \"{name}\" field must be strings."));
        given.then(|| self.body.get(name).ok_or_else(refused)).transpose()
    }
}

pub(crate) fn wrong_type(name: &str, wanted: &str) -> Reply {
    Reply::bad_request(format!("Bad request. The value of the \"{name}\" field must be a {wanted}."))
}
