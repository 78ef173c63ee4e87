//! Finds the route of a path.
//!
//! As in upstream's framework, the escapes of a path are decoded before it is split, leading slashes are ignored, a
//! trailing slash is significant, and a segment may be empty.

use zaqar_model::DestinationKind;

use crate::errors::HttpError;
use crate::operations::Operation;
use crate::routes::{Access, AdminFeatures, Route, kind_of, routes};

/// All paths of a server.
#[derive(Debug)]
pub(crate) struct Router(Vec<Resource>);

/// A path and its operations.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The path in the route table.
    pub(crate) path: &'static str,
    segments: Vec<Segment>,
    /// By method, sorted by the names of the methods.
    operations: Vec<(&'static str, Operation)>,
    /// The names of its methods, except OPTIONS.
    pub(crate) methods: String,
    pub(crate) access: Access,
    /// Whether it is about queues or topics. A path that is about neither counts as that of queues.
    pub(crate) kind: DestinationKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment {
    Literal(&'static str),
    /// A parameter: a name or an id.
    Parameter(&'static str),
}

/// A matched path, with the values of its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteMatch<'r, 'p> {
    pub(crate) resource: &'r Resource,
    /// The name of the queue or topic. It is validated before the method.
    pub(crate) name: Option<&'p str>,
    /// The last other parameter of the path.
    pub(crate) id: &'p str,
}

/// Maximum number of segments of a path.
const MAX_SEGMENTS: usize = 8;

impl Router {
    pub(crate) fn new(admin_features: AdminFeatures) -> Self {
        let mut paths: Vec<(&'static str, Vec<&Route>)> = Vec::new();
        for route in routes(admin_features) {
            match paths.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, rows)) => rows.push(route),
                None => paths.push((route.path, vec![route])),
            }
        }
        Self(paths.into_iter().map(|(path, rows)| Resource::new(path, &rows)).collect())
    }

    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<RouteMatch<'_, 'p>> {
        let mut segments = [""; MAX_SEGMENTS];
        let mut count = 0;
        for segment in split(path) {
            *segments.get_mut(count)? = segment;
            count += 1;
        }
        let segments = &segments[..count];
        let resource = self.0.iter().find(|resource| resource.matches(segments))?;
        let mut found = RouteMatch { resource, name: None, id: "" };
        for (expected, segment) in resource.segments.iter().zip(segments) {
            match expected {
                Segment::Literal(_) => {}
                Segment::Parameter("queue_name" | "topic_name") => found.name = Some(segment),
                Segment::Parameter(_) => found.id = segment,
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
        let segments = split(path).map(Segment::of).collect();
        Self { path, segments, operations, methods, access, kind: kind_of(path) }
    }

    fn matches(&self, segments: &[&str]) -> bool {
        self.segments.len() == segments.len()
            && self.segments.iter().zip(segments).all(|(expected, segment)| match expected {
                Segment::Literal(text) => text == segment,
                Segment::Parameter(_) => true,
            })
    }

    /// The operation of a method, or the error if there is none.
    pub(crate) fn operation(&self, method: &str) -> Result<Operation, HttpError> {
        let found = self.operations.iter().find(|(expected, _)| *expected == method);
        found.map(|(_, operation)| *operation).ok_or_else(|| self.method_error(method))
    }

    fn method_error(&self, method: &str) -> HttpError {
        if KNOWN_METHODS.contains(&method) {
            HttpError::method_not_allowed(&self.methods)
        } else {
            HttpError::bad_request("Bad request", "Invalid HTTP method")
        }
    }
}

impl Segment {
    fn of(text: &'static str) -> Self {
        let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        name.map_or(Self::Literal(text), Self::Parameter)
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches('/').split('/')
}

/// The methods of RFC 9110, RFC 3253 and 4918 (WebDAV), and of the QUERY draft.
const KNOWN_METHODS: &[&str] = &[
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
    use crate::operations::{Operation, Probe, StaticDocument};
    use crate::routes::{Access, AdminFeatures, ROUTES};

    const EVERYTHING: AdminFeatures = AdminFeatures { admin_mode: true, pools: true };

    /// What GET does at a path, its queue or topic, and the id after that.
    fn get<'p>(router: &Router, path: &'p str) -> Option<(Option<Operation>, Option<&'p str>, &'p str)> {
        let found = router.find(path)?;
        Some((found.resource.operation("GET").ok(), found.name, found.id))
    }

    #[test]
    fn paths_are_taken_apart_as_upstream_does() {
        let router = Router::new(AdminFeatures::default());
        for (path, expected) in [
            ("/", Some((Some(Operation::Show(StaticDocument::Versions)), None, ""))),
            ("//", Some((Some(Operation::Show(StaticDocument::Versions)), None, ""))),
            ("/healthcheck", Some((Some(Operation::Probe(Probe::Readiness)), None, ""))),
            ("/healthcheck/", None),
            ("/healthcheck/live", Some((Some(Operation::Probe(Probe::Liveness)), None, ""))),
            ("/v2", None),
            ("/v2/", Some((Some(Operation::Show(StaticDocument::Home)), None, ""))),
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
        let without_pools = Router::new(AdminFeatures { pools: false, ..EVERYTHING });
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
        assert!(ROUTES.iter().any(|row| row.access == Access::Public));
    }
}
