//! Processes a request: routing, authentication, dispatch, logging.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
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

use crate::body::{BodyLength, BoxError, Payload};
use crate::cors::Cors;
use crate::credentials::{Credentials, credentials};
use crate::dispatch::{Target, dispatch};
use crate::errors::HttpError;
use crate::exchange::{Exchange, HandlerResult};
use crate::falcon::{Query, decode_path};
use crate::handlers::documents::StaticDocuments;
use crate::handlers::healthcheck::{self, ReadinessBlockers};
use crate::headers::header_text;
use crate::identity::{caller, check_form, destination_name, signature_allows};
use crate::operations::{Operation, Probe};
use crate::panics::catch_panic;
use crate::parameters::{check_names, parameters};
use crate::request_id::{REQUEST_ID, RequestId, RequestIds};
use crate::request_log::{self, CompletedRequest, RequestInfo};
use crate::respond::{bound_headers, warn};
use crate::router::{Resource, Router};
use crate::routes::{Access, AdminFeatures};

/// The options of the REST service.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Whether to serve the routes for administrators, too (`[DEFAULT] admin_mode`).
    pub admin_mode: bool,
    /// Timeout for receiving the body of a request.
    pub body_read_timeout: Duration,
    /// Cross-origin requests.
    pub cors: Cors,
    /// While this file exists, `/healthcheck` returns 503.
    pub disable_by_file: Option<PathBuf>,
    /// Requests that take longer are logged as slow.
    pub slow_request: Duration,
    /// The keys that sign and verify pre-signed URLs.
    pub signing_keys: SigningKeys,
    /// How callers are authenticated.
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
    documents: StaticDocuments,
    /// Whether the server has been asked to stop.
    stopping: AtomicBool,
}

impl HttpService {
    pub fn new(zaqar: Arc<Zaqar>, options: HttpOptions) -> Self {
        let request_ids = RequestIds::new(zaqar.ids().next_u128());
        let admin_features = AdminFeatures { admin_mode: options.admin_mode, pools: zaqar.has_pools() };
        let router = Router::new(admin_features);
        let documents = StaticDocuments::new(zaqar.limits(), admin_features);
        let stopping = AtomicBool::new(false);
        Self(Arc::new(Inner { zaqar, options, request_ids, router, documents, stopping }))
    }

    /// Makes the readiness check fail, so that load balancers stop sending requests. Requests are still served.
    pub fn mark_not_ready(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Responds to a request from an unknown address.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        self.respond_to(None, request).await
    }

    /// Responds to a request. A panic becomes an internal error and does not affect other requests.
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
        let mut info = RequestInfo::default();
        let handled = catch_panic(self.0.handle(id, &head, &accept, body, &mut info)).await;
        let (mut response, cause) = match handled {
            Ok(Ok(response)) => (response, None),
            Ok(Err(mut error)) => {
                let cause = error.cause.take();
                (error.into_response(&accept), cause)
            }
            Err(panic) => {
                let error = HttpError::internal("The server encountered an unexpected condition.");
                (error.into_response(&accept), Some(panic))
            }
        };
        if head.method == Method::OPTIONS && !response.status().is_success() {
            // As in upstream, whose CORS middleware handles OPTIONS before anything else.
            response = Response::new(Full::default());
        }
        warn(response.headers_mut(), &info.warnings);
        self.0.options.cors.apply_headers(&head, response.headers_mut());
        if head.method == Method::HEAD {
            response = without_body(response);
        }
        response.headers_mut().insert(REQUEST_ID, header_value(id));
        bound_headers(response.headers_mut());
        let (status, duration, cause) = (response.status(), start.elapsed(), cause.as_deref());
        let completed = CompletedRequest { id, head: &head, peer, info: &info, status, duration, cause };
        request_log::log(&completed, self.0.options.slow_request);
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
        info: &mut RequestInfo,
    ) -> HandlerResult {
        let path = decode_path(head.uri.path());
        let matched = self.router.find(&path);
        info.route = matched.as_ref().map(|matched| matched.resource.path);
        // First of all, so that unauthenticated callers do not learn which paths exist.
        let credentials = match &matched {
            Some(matched) if matched.resource.access.is_open() => Credentials::Headers,
            _ => match credentials(head, &path, id, &self.options.authentication).await {
                Ok(credentials) => credentials,
                Err(response) => return response,
            },
        };
        let Some(matched) = matched else {
            return Err(HttpError::status(StatusCode::NOT_FOUND));
        };
        let resource = matched.resource;
        let method = head.method.as_str();
        if resource.access == Access::Probes {
            return self.probe(resource, &head.method).await;
        }
        let signing_keys = &self.options.signing_keys;
        if !signature_allows(&head.headers, signing_keys, method, &path, &self.zaqar) {
            return Err(HttpError::status(StatusCode::NOT_FOUND));
        }
        let length = BodyLength::of(head, body.is_end_stream())?;
        check_form(&head.headers, accept, length)?;
        if resource.access == Access::Public {
            return self.show(resource, method);
        }
        let caller = caller(&head.headers, &credentials, self.zaqar.limits(), resource.kind)?;
        let caller = &*info.caller.insert(caller);
        let warnings = &mut info.warnings;
        let name = matched.name.map(|name| destination_name(resource.kind, name)).transpose()?;
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
        let target = Target { kind: resource.kind, name: name.as_ref(), id: matched.id };
        dispatch(operation, target, &self.documents, exchange).await
    }

    /// Serves a health check, which needs no authentication.
    async fn probe(&self, resource: &Resource, method: &Method) -> HandlerResult {
        if *method == Method::OPTIONS {
            return Ok(options(resource));
        }
        match resource.operation(method.as_str())? {
            Operation::Probe(Probe::Liveness) => Ok(healthcheck::live(method)),
            Operation::Probe(Probe::Readiness) => {
                let stopping = self.stopping.load(Ordering::Relaxed);
                let blockers = ReadinessBlockers { stopping, file: self.options.disable_by_file.as_deref() };
                Ok(healthcheck::ready(method, &self.zaqar, blockers).await)
            }
            _ => Err(HttpError::status(StatusCode::NOT_FOUND)),
        }
    }

    /// Serves a public document.
    fn show(&self, resource: &Resource, method: &str) -> HandlerResult {
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
