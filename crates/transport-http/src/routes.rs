//! The route table.
//!
//! As upstream's framework does it: a path's escapes are resolved before it is taken apart, slashes in front of it do
//! not count, one at its end does, and a part may be empty.

use zaqar_model::QueueName;

use crate::errors::HttpError;
use crate::exchange::{Exchange, Handled};
use crate::handlers::{claims, health, home, messages, ping, queues};

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource<'p> {
    Versions,
    Home,
    Ping,
    Health,
    Queues,
    Queue(&'p str),
    QueueStats(&'p str),
    QueuePurge(&'p str),
    Messages(&'p str),
    Message(&'p str, &'p str),
    Claims(&'p str),
    Claim(&'p str, &'p str),
}

impl<'p> Resource<'p> {
    /// What `path` names. Some exist for administrators' servers only.
    pub(crate) fn find(path: &'p str, admin_mode: bool) -> Option<Self> {
        let mut parts = path.trim_start_matches('/').split('/');
        let first = parts.next().unwrap_or_default();
        let rest = [parts.next(), parts.next(), parts.next(), parts.next(), parts.next()];
        Some(match (first, rest) {
            ("", [None, ..]) => Self::Versions,
            ("v2", [Some(""), None, ..]) => Self::Home,
            ("v2", [Some("ping"), None, ..]) => Self::Ping,
            ("v2", [Some("health"), None, ..]) if admin_mode => Self::Health,
            ("v2", [Some("queues"), None, ..]) => Self::Queues,
            ("v2", [Some("queues"), Some(queue), None, ..]) => Self::Queue(queue),
            ("v2", [Some("queues"), Some(queue), Some("stats"), None, _]) => Self::QueueStats(queue),
            ("v2", [Some("queues"), Some(queue), Some("purge"), None, _]) => Self::QueuePurge(queue),
            ("v2", [Some("queues"), Some(queue), Some("messages"), None, _]) => Self::Messages(queue),
            ("v2", [Some("queues"), Some(queue), Some("messages"), Some(id), None]) => {
                Self::Message(queue, id)
            }
            ("v2", [Some("queues"), Some(queue), Some("claims"), None, _]) => Self::Claims(queue),
            ("v2", [Some("queues"), Some(queue), Some("claims"), Some(id), None]) => Self::Claim(queue, id),
            _ => return None,
        })
    }

    /// The methods that it knows, besides OPTIONS.
    pub(crate) const fn methods(self) -> &'static str {
        match self {
            Self::Versions | Self::Home | Self::Health | Self::Queues | Self::QueueStats(_) => "GET",
            Self::Ping => "GET, HEAD",
            Self::Queue(_) => "DELETE, GET, PATCH, PUT",
            Self::QueuePurge(_) | Self::Claims(_) => "POST",
            Self::Messages(_) => "DELETE, GET, POST",
            Self::Message(..) => "DELETE, GET",
            Self::Claim(..) => "DELETE, GET, PATCH",
        }
    }

    /// Whose queue it belongs to: its name is checked before the method is.
    pub(crate) const fn queue(self) -> Option<&'p str> {
        match self {
            Self::Versions | Self::Home | Self::Ping | Self::Health | Self::Queues => None,
            Self::Queue(queue)
            | Self::QueueStats(queue)
            | Self::QueuePurge(queue)
            | Self::Messages(queue)
            | Self::Message(queue, _)
            | Self::Claims(queue)
            | Self::Claim(queue, _) => Some(queue),
        }
    }
}

/// Serves a request. `queue` is the name that the resource has, checked.
pub(crate) async fn dispatch(
    resource: Resource<'_>,
    method: &str,
    queue: Option<&QueueName>,
    exchange: Exchange<'_>,
    home: &home::Document,
) -> Handled {
    match (resource, method, queue) {
        (Resource::Home, "GET", _) => Ok(home.show()),
        (Resource::Ping, "GET", _) => ping::ask(exchange).await,
        (Resource::Ping, "HEAD", _) => ping::touch(exchange).await,
        (Resource::Health, "GET", _) => health::show(exchange).await,
        (Resource::Queues, "GET", _) => queues::list(exchange).await,
        (Resource::Queue(_), "PUT", Some(queue)) => queues::create(exchange, queue).await,
        (Resource::Queue(_), "GET", Some(queue)) => queues::show(exchange, queue).await,
        (Resource::Queue(_), "PATCH", Some(queue)) => queues::update(exchange, queue).await,
        (Resource::Queue(_), "DELETE", Some(queue)) => queues::delete(exchange, queue).await,
        (Resource::QueueStats(_), "GET", Some(queue)) => queues::stats(exchange, queue).await,
        (Resource::QueuePurge(_), "POST", Some(queue)) => queues::purge(exchange, queue).await,
        (Resource::Messages(_), "POST", Some(queue)) => messages::post(exchange, queue).await,
        (Resource::Messages(_), "GET", Some(queue)) => messages::list(exchange, queue).await,
        (Resource::Messages(_), "DELETE", Some(queue)) => messages::remove(exchange, queue).await,
        (Resource::Message(_, id), "GET", Some(queue)) => messages::show(exchange, queue, id).await,
        (Resource::Message(_, id), "DELETE", Some(queue)) => messages::delete(exchange, queue, id).await,
        (Resource::Claims(_), "POST", Some(queue)) => claims::create(exchange, queue).await,
        (Resource::Claim(_, id), "GET", Some(queue)) => claims::show(exchange, queue, id).await,
        (Resource::Claim(_, id), "PATCH", Some(queue)) => claims::update(exchange, queue, id).await,
        (Resource::Claim(_, id), "DELETE", Some(queue)) => claims::delete(exchange, queue, id).await,
        _ => Err(refuse(resource, method)),
    }
}

/// The answer to a method that a resource does not know.
pub(crate) fn refuse(resource: Resource<'_>, method: &str) -> HttpError {
    // RFC 9110, RFC 3253 and 4918 (WebDAV), and the draft of QUERY.
    const EXISTING: &[&str] = &[
        "CHECKIN",
        "CHECKOUT",
        "CONNECT",
        "COPY",
        "DELETE",
        "GET",
        "HEAD",
        "LOCK",
        "MKCOL",
        "MOVE",
        "OPTIONS",
        "PATCH",
        "POST",
        "PROPFIND",
        "PROPPATCH",
        "PUT",
        "QUERY",
        "REPORT",
        "TRACE",
        "UNCHECKIN",
        "UNLOCK",
        "UPDATE",
        "VERSION-CONTROL",
    ];
    if EXISTING.contains(&method) {
        HttpError::method_not_allowed(resource.methods())
    } else {
        HttpError::bad_request("Bad request", "Invalid HTTP method")
    }
}

#[cfg(test)]
mod tests {
    use super::Resource;

    #[test]
    fn paths_are_taken_apart_as_upstream_does() {
        for (path, resource) in [
            ("/", Some(Resource::Versions)),
            ("//", Some(Resource::Versions)),
            ("/v2", None),
            ("/v2/", Some(Resource::Home)),
            ("//v2/queues", Some(Resource::Queues)),
            ("/v2//queues", None),
            ("/v2/queues/", Some(Resource::Queue(""))),
            ("/v2/queues/a/", None),
            ("/v2/queues//messages", Some(Resource::Messages(""))),
            ("/v2/queues/q/messages/", Some(Resource::Message("q", ""))),
            ("/v2/queues/q/messages/id/more", None),
            ("/v2/queues/q/claims/id", Some(Resource::Claim("q", "id"))),
            ("/v2/queues/q/stats", Some(Resource::QueueStats("q"))),
            ("/v2/health", None),
            ("/v1/queues", None),
            ("*", None),
        ] {
            assert_eq!(Resource::find(path, false), resource, "{path}");
        }
        assert_eq!(Resource::find("/v2/health", true), Some(Resource::Health));
    }
}
