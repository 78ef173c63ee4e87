//! Finds what a path names.
//!
//! As upstream's framework does it: a path's escapes are resolved before it is taken apart, slashes in front of it do
//! not count, one at its end does, and a part may be empty.

use zaqar_model::DestinationKind;

use crate::errors::HttpError;
use crate::operations::Operation;
use crate::routes::{Access, Administration, Route, routes};

/// Every path that a server has.
#[derive(Debug)]
pub(crate) struct Router(Vec<Resource>);

/// What one path names, and what may be done with it.
#[derive(Debug)]
pub(crate) struct Resource {
    /// As the route table has it.
    pub(crate) path: &'static str,
    parts: Vec<Part>,
    /// By method, in the order of the methods' names.
    operations: Vec<(&'static str, Operation)>,
    /// The names of its methods, besides OPTIONS.
    pub(crate) methods: String,
    pub(crate) access: Access,
    /// Whether it has to do with queues or with topics. What has to do with neither counts as a queue's.
    pub(crate) kind: DestinationKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Is(&'static str),
    /// Anything: a name or an id.
    Varies(&'static str),
}

/// A path's resource, with what varies in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'r, 'p> {
    pub(crate) resource: &'r Resource,
    /// The name of the queue or topic. It is checked before the method is.
    pub(crate) name: Option<&'p str>,
    /// The last name in the path that is not a queue's or topic's.
    pub(crate) id: &'p str,
}

/// Paths with more parts name nothing.
const MAX_PARTS: usize = 8;

impl Router {
    pub(crate) fn new(administration: Administration) -> Self {
        let mut paths: Vec<(&'static str, Vec<&Route>)> = Vec::new();
        for route in routes(administration) {
            match paths.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, rows)) => rows.push(route),
                None => paths.push((route.path, vec![route])),
            }
        }
        Self(paths.into_iter().map(|(path, rows)| Resource::new(path, &rows)).collect())
    }

    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<Found<'_, 'p>> {
        let mut parts = [""; MAX_PARTS];
        let mut count = 0;
        for part in split(path) {
            *parts.get_mut(count)? = part;
            count += 1;
        }
        let parts = &parts[..count];
        let resource = self.0.iter().find(|resource| resource.fits(parts))?;
        let mut found = Found { resource, name: None, id: "" };
        for (own, part) in resource.parts.iter().zip(parts) {
            match own {
                Part::Is(_) => {}
                Part::Varies("queue_name" | "topic_name") => found.name = Some(part),
                Part::Varies(_) => found.id = part,
            }
        }
        Some(found)
    }
}

impl Resource {
    fn new(path: &'static str, rows: &[&Route]) -> Self {
        let mut operations: Vec<_> = rows.iter().map(|row| (row.method, row.operation)).collect();
        operations.sort_unstable_by_key(|(method, _)| *method);
        let methods = operations.iter().map(|(method, _)| *method).collect::<Vec<_>>().join(", ");
        let access = rows.first().map_or(Access::Callers, |row| row.access);
        let parts = split(path).map(Part::of).collect();
        Self { path, parts, operations, methods, access, kind: kind(path) }
    }

    fn fits(&self, parts: &[&str]) -> bool {
        self.parts.len() == parts.len()
            && self.parts.iter().zip(parts).all(|(own, part)| match own {
                Part::Is(text) => text == part,
                Part::Varies(_) => true,
            })
    }

    /// What a method does here, or why it does nothing.
    pub(crate) fn operation(&self, method: &str) -> Result<Operation, HttpError> {
        let found = self.operations.iter().find(|(own, _)| *own == method);
        found.map(|(_, operation)| *operation).ok_or_else(|| self.refuse(method))
    }

    fn refuse(&self, method: &str) -> HttpError {
        if EXISTING_METHODS.contains(&method) {
            HttpError::method_not_allowed(&self.methods)
        } else {
            HttpError::bad_request("Bad request", "Invalid HTTP method")
        }
    }
}

impl Part {
    fn of(text: &'static str) -> Self {
        let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        name.map_or(Self::Is(text), Self::Varies)
    }
}

/// What has to do with the paths of topics, and what with those of queues or with neither.
pub(crate) fn kind(path: &str) -> DestinationKind {
    if path.starts_with("/v2/topics") { DestinationKind::Topic } else { DestinationKind::Queue }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('/').split('/')
}

/// Those of RFC 9110, RFC 3253 and 4918 (WebDAV), and of the draft of QUERY.
const EXISTING_METHODS: &[&str] = &[
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

#[cfg(test)]
mod tests {
    use super::Router;
    use crate::operations::{Document, Operation, Probe};
    use crate::routes::{Access, Administration, ROUTES};

    const EVERYTHING: Administration = Administration { admin_mode: true, pools: true };

    /// What GET does at a path, its queue or topic, and the id behind that.
    fn get<'p>(router: &Router, path: &'p str) -> Option<(Option<Operation>, Option<&'p str>, &'p str)> {
        let found = router.find(path)?;
        Some((found.resource.operation("GET").ok(), found.name, found.id))
    }

    #[test]
    fn paths_are_taken_apart_as_upstream_does() {
        let router = Router::new(Administration::default());
        for (path, expected) in [
            ("/", Some((Some(Operation::Show(Document::Versions)), None, ""))),
            ("//", Some((Some(Operation::Show(Document::Versions)), None, ""))),
            ("/healthcheck", Some((Some(Operation::Probe(Probe::Readiness)), None, ""))),
            ("/healthcheck/", None),
            ("/healthcheck/live", Some((Some(Operation::Probe(Probe::Liveness)), None, ""))),
            ("/v2", None),
            ("/v2/", Some((Some(Operation::Show(Document::Home)), None, ""))),
            ("//v2/queues", Some((Some(Operation::ListQueues), None, ""))),
            ("/v2//queues", None),
            ("/v2/queues/", Some((Some(Operation::GetQueue), Some(""), ""))),
            ("/v2/queues/a/", None),
            ("/v2/queues//messages", Some((Some(Operation::ListMessages), Some(""), ""))),
            ("/v2/queues/q/messages/", Some((Some(Operation::GetMessage), Some("q"), ""))),
            ("/v2/queues/q/messages/id/more", None),
            ("/v2/queues/q/claims/id", Some((Some(Operation::GetClaim), Some("q"), "id"))),
            ("/v2/queues/q/subscriptions/id/confirm", Some((None, Some("q"), "id"))),
            ("/v2/queues/q/subscriptions/id/confirm/", None),
            ("/v2/queues/q/subscriptions/id/more", None),
            ("/v2/topics", Some((Some(Operation::ListQueues), None, ""))),
            ("/v2/topics/t/messages/id", Some((Some(Operation::GetMessage), Some("t"), "id"))),
            ("/v2/topics/t/claims", None),
            ("/v2/health", None),
            ("/v2/pools", None),
            ("/v2/flavors/f", None),
            ("/v1/queues", None),
            ("/v2/queues/q/a/b/c/d/e/f/g/h", None),
            ("*", None),
        ] {
            assert_eq!(get(&router, path), expected, "{path}");
        }
    }

    #[test]
    fn administrators_find_more() {
        let router = Router::new(EVERYTHING);
        for (path, expected) in [
            ("/v2/health", Some((Some(Operation::GetHealth), None, ""))),
            ("/v2/pools", Some((Some(Operation::ListPools), None, ""))),
            ("/v2/pools/", Some((Some(Operation::GetPool), None, ""))),
            ("/v2/pools/a b", Some((Some(Operation::GetPool), None, "a b"))),
            ("/v2/pools/p/", None),
            ("/v2/flavors", Some((Some(Operation::ListFlavors), None, ""))),
            ("/v2/flavors/f", Some((Some(Operation::GetFlavor), None, "f"))),
            ("/v2/flavors/f/more", None),
            ("/v2/nothing", None),
            ("/v1/pools", None),
        ] {
            assert_eq!(get(&router, path), expected, "{path}");
        }
        let without_pools = Router::new(Administration { pools: false, ..EVERYTHING });
        assert!(without_pools.find("/v2/pools").is_none() && without_pools.find("/v2/health").is_some());
    }

    #[test]
    fn every_row_is_found_and_no_two_rows_are_one_request() {
        let router = Router::new(EVERYTHING);
        for (index, row) in ROUTES.iter().enumerate() {
            let found = router.find(row.path).unwrap();
            assert_eq!(found.resource.operation(row.method).unwrap(), row.operation, "{}", row.path);
            assert_eq!(found.resource.access, row.access, "{}: a path has one kind of access", row.path);
            let request = (row.method, row.path);
            let earlier = ROUTES[..index].iter().any(|other| (other.method, other.path) == request);
            assert!(!earlier, "{request:?} has two rows");
        }
        assert!(ROUTES.iter().any(|row| row.access == Access::Everybody));
    }
}
