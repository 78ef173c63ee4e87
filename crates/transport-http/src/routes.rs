//! The route table.
//!
//! As upstream's framework does it: a path's escapes are resolved before it is taken apart, slashes in front of it do
//! not count, one at its end does, and a part may be empty.

use zaqar_model::{DestinationKind, DestinationName};

use crate::errors::HttpError;
use crate::exchange::{Exchange, Handled};
use crate::handlers::{claims, health, home, messages, ping, queues, share, subscriptions};

/// A queue or topic as a path names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'p> {
    pub(crate) kind: DestinationKind,
    pub(crate) name: &'p str,
}

/// What a path names. A queue and what belongs to it may also be a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource<'p> {
    Versions,
    /// Whether the server should get requests.
    Healthcheck,
    /// Whether the server answers.
    Liveness,
    Home,
    Ping,
    Health,
    Queues(DestinationKind),
    Queue(Place<'p>),
    QueueStats(Place<'p>),
    QueuePurge(Place<'p>),
    QueueShare(Place<'p>),
    Messages(Place<'p>),
    Message(Place<'p>, &'p str),
    Claims(Place<'p>),
    Claim(Place<'p>, &'p str),
    Subscriptions(Place<'p>),
    Subscription(Place<'p>, &'p str),
    Confirmation(Place<'p>, &'p str),
}

impl<'p> Resource<'p> {
    /// What `path` names. Some exist for administrators' servers only.
    pub(crate) fn find(path: &'p str, admin_mode: bool) -> Option<Self> {
        let mut parts = path.trim_start_matches('/').split('/');
        let version = parts.next().unwrap_or_default();
        let noun = parts.next();
        let rest = [parts.next(), parts.next(), parts.next(), parts.next(), parts.next()];
        let kind = match (version, noun) {
            ("v2", Some("queues")) => DestinationKind::Queue,
            ("v2", Some("topics")) => DestinationKind::Topic,
            _ => {
                return match (version, noun, rest) {
                    ("", None, _) => Some(Self::Versions),
                    ("healthcheck", None, _) => Some(Self::Healthcheck),
                    ("healthcheck", Some("live"), [None, ..]) => Some(Self::Liveness),
                    ("v2", Some(""), [None, ..]) => Some(Self::Home),
                    ("v2", Some("ping"), [None, ..]) => Some(Self::Ping),
                    ("v2", Some("health"), [None, ..]) if admin_mode => Some(Self::Health),
                    _ => None,
                };
            }
        };
        let [Some(name), rest @ ..] = rest else { return Some(Self::Queues(kind)) };
        let place = Place { kind, name };
        Some(match (kind, rest) {
            (_, [None, ..]) => Self::Queue(place),
            (_, [Some("stats"), None, ..]) => Self::QueueStats(place),
            (_, [Some("purge"), None, ..]) => Self::QueuePurge(place),
            (DestinationKind::Queue, [Some("share"), None, ..]) => Self::QueueShare(place),
            (_, [Some("messages"), None, ..]) => Self::Messages(place),
            (_, [Some("messages"), Some(id), None, _]) => Self::Message(place, id),
            (DestinationKind::Queue, [Some("claims"), None, ..]) => Self::Claims(place),
            (DestinationKind::Queue, [Some("claims"), Some(id), None, _]) => Self::Claim(place, id),
            (_, [Some("subscriptions"), None, ..]) => Self::Subscriptions(place),
            (_, [Some("subscriptions"), Some(id), None, _]) => Self::Subscription(place, id),
            (_, [Some("subscriptions"), Some(id), Some("confirm"), None]) => Self::Confirmation(place, id),
            _ => return None,
        })
    }

    /// Whether it is for everybody, known or not.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Versions | Self::Healthcheck | Self::Liveness)
    }

    /// The methods that it knows, besides OPTIONS.
    pub(crate) const fn methods(self) -> &'static str {
        match self {
            Self::Versions | Self::Home | Self::Health | Self::Queues(_) | Self::QueueStats(_) => "GET",
            Self::Ping | Self::Healthcheck | Self::Liveness => "GET, HEAD",
            Self::Queue(_) => "DELETE, GET, PATCH, PUT",
            Self::QueuePurge(_) | Self::QueueShare(_) | Self::Claims(_) => "POST",
            Self::Messages(_) => "DELETE, GET, POST",
            Self::Message(..) => "DELETE, GET",
            Self::Claim(..) | Self::Subscription(..) => "DELETE, GET, PATCH",
            Self::Subscriptions(_) => "GET, POST",
            Self::Confirmation(..) => "PUT",
        }
    }

    /// Whose queue or topic it belongs to: its name is checked before the method is.
    pub(crate) const fn place(self) -> Option<Place<'p>> {
        match self {
            Self::Versions
            | Self::Healthcheck
            | Self::Liveness
            | Self::Home
            | Self::Ping
            | Self::Health
            | Self::Queues(_) => None,
            Self::Queue(place)
            | Self::QueueStats(place)
            | Self::QueuePurge(place)
            | Self::QueueShare(place)
            | Self::Messages(place)
            | Self::Message(place, _)
            | Self::Claims(place)
            | Self::Claim(place, _)
            | Self::Subscriptions(place)
            | Self::Subscription(place, _)
            | Self::Confirmation(place, _) => Some(place),
        }
    }

    /// Whether it has to do with queues or with topics. What has to do with neither counts as a queue's.
    pub(crate) const fn kind(self) -> DestinationKind {
        match (self, self.place()) {
            (Self::Queues(kind), _) | (_, Some(Place { kind, .. })) => kind,
            _ => DestinationKind::Queue,
        }
    }
}

/// Serves a request. `name` is that of the resource's queue or topic, checked.
pub(crate) async fn dispatch(
    resource: Resource<'_>,
    method: &str,
    name: Option<&DestinationName>,
    exchange: Exchange<'_>,
    home: &home::Document,
) -> Handled {
    match (resource, method, name) {
        (Resource::Home, "GET", _) => Ok(home.show()),
        (Resource::Ping, "GET", _) => ping::ask(exchange).await,
        (Resource::Ping, "HEAD", _) => ping::touch(exchange).await,
        (Resource::Health, "GET", _) => health::show(exchange).await,
        (Resource::Queues(kind), "GET", _) => queues::list(exchange, kind).await,
        (Resource::Queue(_), "PUT", Some(name)) => queues::create(exchange, name).await,
        (Resource::Queue(_), "GET", Some(name)) => queues::show(exchange, name).await,
        (Resource::Queue(_), "PATCH", Some(name)) => queues::update(exchange, name).await,
        (Resource::Queue(_), "DELETE", Some(name)) => queues::delete(exchange, name).await,
        (Resource::QueueStats(_), "GET", Some(name)) => queues::stats(exchange, name).await,
        (Resource::QueuePurge(_), "POST", Some(name)) => queues::purge(exchange, name).await,
        (Resource::QueueShare(_), "POST", Some(name)) => share::create(exchange, name).await,
        (Resource::Messages(_), "POST", Some(name)) => messages::post(exchange, name).await,
        (Resource::Messages(_), "GET", Some(name)) => messages::list(exchange, name).await,
        (Resource::Messages(_), "DELETE", Some(name)) => messages::remove(exchange, name).await,
        (Resource::Message(_, id), "GET", Some(name)) => messages::show(exchange, name, id).await,
        (Resource::Message(_, id), "DELETE", Some(name)) => messages::delete(exchange, name, id).await,
        (Resource::Claims(_), "POST", Some(name)) => claims::create(exchange, name).await,
        (Resource::Claim(_, id), "GET", Some(name)) => claims::show(exchange, name, id).await,
        (Resource::Claim(_, id), "PATCH", Some(name)) => claims::update(exchange, name, id).await,
        (Resource::Claim(_, id), "DELETE", Some(name)) => claims::delete(exchange, name, id).await,
        (Resource::Subscriptions(_), "POST", Some(name)) => subscriptions::create(exchange, name).await,
        (Resource::Subscriptions(_), "GET", Some(name)) => subscriptions::list(exchange, name).await,
        (Resource::Subscription(_, id), "GET", Some(name)) => subscriptions::show(exchange, name, id).await,
        (Resource::Subscription(_, id), "PATCH", Some(name)) => {
            subscriptions::update(exchange, name, id).await
        }
        (Resource::Subscription(_, id), "DELETE", Some(name)) => {
            subscriptions::delete(exchange, name, id).await
        }
        (Resource::Confirmation(_, id), "PUT", Some(name)) => {
            subscriptions::confirm(exchange, name, id).await
        }
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
    use zaqar_model::DestinationKind;

    use super::{Place, Resource};

    const fn queue(name: &str) -> Place<'_> {
        Place { kind: DestinationKind::Queue, name }
    }

    const fn topic(name: &str) -> Place<'_> {
        Place { kind: DestinationKind::Topic, name }
    }

    #[test]
    fn paths_are_taken_apart_as_upstream_does() {
        for (path, resource) in [
            ("/", Some(Resource::Versions)),
            ("//", Some(Resource::Versions)),
            ("/healthcheck", Some(Resource::Healthcheck)),
            ("/healthcheck/", None),
            ("/healthcheck/live", Some(Resource::Liveness)),
            ("/v2", None),
            ("/v2/", Some(Resource::Home)),
            ("//v2/queues", Some(Resource::Queues(DestinationKind::Queue))),
            ("/v2//queues", None),
            ("/v2/queues/", Some(Resource::Queue(queue("")))),
            ("/v2/queues/a/", None),
            ("/v2/queues//messages", Some(Resource::Messages(queue("")))),
            ("/v2/queues/q/messages/", Some(Resource::Message(queue("q"), ""))),
            ("/v2/queues/q/messages/id/more", None),
            ("/v2/queues/q/claims/id", Some(Resource::Claim(queue("q"), "id"))),
            ("/v2/queues/q/stats", Some(Resource::QueueStats(queue("q")))),
            ("/v2/queues/q/subscriptions", Some(Resource::Subscriptions(queue("q")))),
            ("/v2/queues/q/subscriptions/id", Some(Resource::Subscription(queue("q"), "id"))),
            ("/v2/queues/q/subscriptions/id/confirm", Some(Resource::Confirmation(queue("q"), "id"))),
            ("/v2/queues/q/subscriptions/id/confirm/", None),
            ("/v2/queues/q/subscriptions/id/more", None),
            ("/v2/topics", Some(Resource::Queues(DestinationKind::Topic))),
            ("/v2/topics/t", Some(Resource::Queue(topic("t")))),
            ("/v2/topics/t/purge", Some(Resource::QueuePurge(topic("t")))),
            ("/v2/topics/t/messages/id", Some(Resource::Message(topic("t"), "id"))),
            ("/v2/topics/t/subscriptions/id/confirm", Some(Resource::Confirmation(topic("t"), "id"))),
            ("/v2/topics/t/claims", None),
            ("/v2/topics/t/claims/id", None),
            ("/v2/health", None),
            ("/v1/queues", None),
            ("*", None),
        ] {
            assert_eq!(Resource::find(path, false), resource, "{path}");
        }
        assert_eq!(Resource::find("/v2/health", true), Some(Resource::Health));
    }
}
