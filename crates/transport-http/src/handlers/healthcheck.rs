//! `/healthcheck`, for load balancers: readiness, as in oslo.middleware. `/healthcheck/live`, for process managers:
//! liveness. Neither needs authentication.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use zaqar_domain::{Readiness, Zaqar};

/// What makes the server not ready, besides its stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadinessBlockers<'a> {
    /// The server has been asked to stop.
    pub(crate) stopping: bool,
    /// While this file exists, the server is not ready (`[healthcheck] disable_by_file_path`).
    pub(crate) file: Option<&'a Path>,
}

pub(crate) async fn ready(
    method: &Method,
    zaqar: &Zaqar,
    blockers: ReadinessBlockers<'_>,
) -> Response<Full<Bytes>> {
    if blockers.stopping {
        return not_ready("SHUTTING DOWN");
    }
    if let Some(file) = blockers.file
        && tokio::fs::try_exists(file).await.unwrap_or(false)
    {
        return not_ready("DISABLED BY FILE");
    }
    match zaqar.readiness().await {
        Readiness { management: true, messages: true } => live(method),
        Readiness { management: true, messages: false } => not_ready("MESSAGE STORE UNAVAILABLE"),
        Readiness { management: false, messages: true } => not_ready("MANAGEMENT STORE UNAVAILABLE"),
        Readiness { management: false, messages: false } => not_ready("STORES UNAVAILABLE"),
    }
}

pub(crate) fn live(method: &Method) -> Response<Full<Bytes>> {
    let status = if *method == Method::HEAD { StatusCode::NO_CONTENT } else { StatusCode::OK };
    text(status, "OK")
}

fn not_ready(reason: &'static str) -> Response<Full<Bytes>> {
    text(StatusCode::SERVICE_UNAVAILABLE, reason)
}

fn text(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    response
}
