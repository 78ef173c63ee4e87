//! From a request to its answer: find what the path names, check who asks, dispatch, log.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use tokio::time::Instant;
use zaqar_authentication::{Authentication, SigningKeys};
use zaqar_domain::Zaqar;

use crate::body::{BoxError, Length, Payload};
use crate::cors::Cors;
use crate::credentials::{Credentials, credentials};
use crate::errors::HttpError;
use crate::exchange::{Exchange, Handled, header_text};
use crate::falcon::{Query, decode_path};
use crate::handlers::documents::Documents;
use crate::handlers::healthcheck::{self, Obstacles};
use crate::identity::{caller, check_form, destination_name, signature_allows};
use crate::operations::{Operation, Probe, Target, perform};
use crate::parameters::{check_names, parameters};
use crate::request_id::{REQUEST_ID, RequestId, RequestIds};
use crate::request_log::{self, Answered, Learned};
use crate::respond::{bound_headers, warn};
use crate::router::{Resource, Router};
use crate::routes::{Access, Administration};

/// What of the REST service can be set.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Serve what is for administrators, too (`[DEFAULT] admin_mode`).
    pub admin_mode: bool,
    /// In this time a request's body must have arrived.
    pub body_read_timeout: Duration,
    /// Which pages of other origins may read the answers.
    pub cors: Cors,
    /// While this file is there, `/healthcheck` tells load balancers to send no requests.
    pub disable_by_file: Option<PathBuf>,
    /// Requests that take longer are logged as warnings.
    pub slow_request: Duration,
    /// What pre-signed URLs are signed and verified with.
    pub signing_keys: SigningKeys,
    /// Who says who is asking.
    pub authentication: Authentication,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            admin_mode: false,
            body_read_timeout: Duration::from_secs(30),
            cors: Cors::default(),
            disable_by_file: None,
            slow_request: Duration::from_secs(1),
            signing_keys: SigningKeys::default(),
            authentication: Authentication::default(),
        }
    }
}

/// REST v2, as a [`tower::Service`] and as a function. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpService(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    zaqar: Arc<Zaqar>,
    options: HttpOptions,
    request_ids: RequestIds,
    router: Router,
    documents: Documents,
    /// Whether the server has been told to stop.
    stopping: AtomicBool,
}

impl HttpService {
    pub fn new(zaqar: Arc<Zaqar>, options: HttpOptions) -> Self {
        let request_ids = RequestIds::new(zaqar.ids().next_u128());
        let administration = Administration { admin_mode: options.admin_mode, pools: zaqar.has_pools() };
        let router = Router::new(administration);
        let documents = Documents::new(zaqar.limits(), administration);
        let stopping = AtomicBool::new(false);
        Self(Arc::new(Inner { zaqar, options, request_ids, router, documents, stopping }))
    }

    /// From now on load balancers are told to send no more requests. Those that come are answered.
    pub fn stop_wanting_requests(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Answers a request from nobody knows where.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        self.respond_to(None, request).await
    }

    /// Answers a request of the other end of a connection. A panic on the way is an internal error, and nobody else's
    /// concern.
    pub(crate) async fn respond_to<B>(
        &self,
        peer: Option<SocketAddr>,
        request: Request<B>,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let start = Instant::now();
        let id = self.0.request_ids.next();
        let (head, body) = request.into_parts();
        let accept = header_text(&head.headers, &header::ACCEPT).unwrap_or_default();
        let body = pin!(body.map_err(Into::into));
        let mut learned = Learned::default();
        let handled = unpanicked(self.0.handle(id, &head, &accept, body, &mut learned)).await;
        let (mut response, cause) = match handled {
            Ok(Ok(response)) => (response, None),
            Ok(Err(mut error)) => {
                let cause = error.cause.take();
                (error.into_response(&accept), cause)
            }
            Err(panic) => {
                let answer = HttpError::internal("The server met a condition that it was not made for.");
                (answer.into_response(&accept), Some(panic))
            }
        };
        if head.method == Method::OPTIONS && !response.status().is_success() {
            // Upstream's CORS middleware, outside of all else, answers so.
            response = Response::new(Full::default());
        }
        warn(response.headers_mut(), &learned.warnings);
        self.0.options.cors.adorn(&head, response.headers_mut());
        if head.method == Method::HEAD {
            response = without_body(response);
        }
        response.headers_mut().insert(REQUEST_ID, header_value(id));
        bound_headers(response.headers_mut());
        let (status, duration, cause) = (response.status(), start.elapsed(), cause.as_deref());
        let answered = Answered { id, head: &head, peer, learned: &learned, status, duration, cause };
        request_log::log(&answered, self.0.options.slow_request);
        response
    }
}

impl Inner {
    async fn handle(
        &self,
        id: RequestId,
        head: &request::Parts,
        accept: &str,
        body: Pin<&mut (dyn Body<Data = Bytes, Error = BoxError> + Send)>,
        learned: &mut Learned,
    ) -> Handled {
        let path = decode_path(head.uri.path());
        let found = self.router.find(&path);
        learned.route = found.as_ref().map(|found| found.resource.path);
        // Before anything else: who is unknown does not learn which paths there are.
        let credentials = match &found {
            Some(found) if found.resource.access.is_open() => Credentials::Believed,
            _ => match credentials(head, &path, id, &self.options.authentication).await {
                Ok(credentials) => credentials,
                Err(answer) => return answer,
            },
        };
        let Some(found) = found else {
            return Err(HttpError::status(StatusCode::NOT_FOUND));
        };
        let resource = found.resource;
        let method = head.method.as_str();
        if resource.access == Access::Probes {
            return self.probe(resource, &head.method).await;
        }
        let signing_keys = &self.options.signing_keys;
        if !signature_allows(&head.headers, signing_keys, method, &path, &self.zaqar) {
            return Err(HttpError::status(StatusCode::NOT_FOUND));
        }
        let length = Length::of(head, body.is_end_stream())?;
        check_form(&head.headers, accept, length)?;
        if resource.access == Access::Everybody {
            return self.show(resource, method);
        }
        let caller = caller(&head.headers, &credentials, self.zaqar.limits(), resource.kind)?;
        let caller = &*learned.caller.insert(caller);
        let warnings = &mut learned.warnings;
        let name = found.name.map(|name| destination_name(resource.kind, name)).transpose()?;
        if method == "OPTIONS" {
            return Ok(options(resource));
        }
        let operation = resource.operation(method)?;
        let query = Query::parse(head.uri.query(), parameters(operation, resource.kind));
        if operation != Operation::ListQueues {
            check_names(&query, warnings);
        }
        let exchange = Exchange {
            zaqar: &self.zaqar,
            caller,
            signing_keys,
            query,
            query_text: head.uri.query(),
            headers: &head.headers,
            payload: Payload { length, stream: body, timeout: self.options.body_read_timeout },
            warnings,
        };
        let target = Target { kind: resource.kind, name: name.as_ref(), id: found.id };
        perform(operation, target, &self.documents, exchange).await
    }

    /// What load balancers and process managers ask, who are no callers.
    async fn probe(&self, resource: &Resource, method: &Method) -> Handled {
        if *method == Method::OPTIONS {
            return Ok(options(resource));
        }
        match resource.operation(method.as_str())? {
            Operation::Probe(Probe::Liveness) => Ok(healthcheck::live(method)),
            Operation::Probe(Probe::Readiness) => {
                let stopping = self.stopping.load(Ordering::Relaxed);
                let obstacles = Obstacles { stopping, file: self.options.disable_by_file.as_deref() };
                Ok(healthcheck::ready(method, &self.zaqar, obstacles).await)
            }
            _ => Err(HttpError::status(StatusCode::NOT_FOUND)),
        }
    }

    /// Who has not said who they are is shown documents only.
    fn show(&self, resource: &Resource, method: &str) -> Handled {
        if method == "OPTIONS" {
            return Ok(options(resource));
        }
        match resource.operation(method)? {
            Operation::Show(document) => Ok(self.documents.show(document)),
            _ => Err(HttpError::status(StatusCode::NOT_FOUND)),
        }
    }
}

impl<B> tower::Service<Request<B>> for HttpService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.respond(request).await) })
    }
}

fn options(resource: &Resource) -> Response<Full<Bytes>> {
    let mut response = crate::respond::json(StatusCode::OK, Bytes::new());
    if let Ok(methods) = HeaderValue::from_str(&resource.methods) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}

fn without_body(response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let (mut head, body) = response.into_parts();
    if head.status != StatusCode::NO_CONTENT
        && let Some(length) = body.size_hint().exact()
    {
        head.headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Response::from_parts(head, Full::default())
}

fn header_value(id: RequestId) -> HeaderValue {
    HeaderValue::from_bytes(&id.text()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The outcome of `future`, or what it panicked with.
async fn unpanicked<T>(future: impl Future<Output = T>) -> Result<T, BoxError> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.map_or_else(|panic| Poll::Ready(Err(told(&*panic))), |poll| poll.map(Ok))
    })
    .await
}

fn told(panic: &(dyn Any + Send)) -> BoxError {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of an unknown kind")).into()
}
