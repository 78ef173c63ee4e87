//! `/healthcheck`, for load balancers: whether this server should get requests, told as oslo.middleware does.
//! `/healthcheck/live`, for process managers: whether it answers at all. Nobody has to say who they are.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use zaqar_domain::Zaqar;

/// What can stand against sending requests here, besides the stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Obstacles<'a> {
    /// The server has been told to stop.
    pub(crate) stopping: bool,
    /// While this file is there, no requests are wanted (`[healthcheck] disable_by_file_path`).
    pub(crate) file: Option<&'a Path>,
}

pub(crate) async fn ready(method: &Method, zaqar: &Zaqar, obstacles: Obstacles<'_>) -> Response<Full<Bytes>> {
    if obstacles.stopping {
        return refuse("SHUTTING DOWN");
    }
    if let Some(file) = obstacles.file
        && tokio::fs::try_exists(file).await.unwrap_or(false)
    {
        return refuse("DISABLED BY FILE");
    }
    if !zaqar.can_serve().await {
        return refuse("STORE UNAVAILABLE");
    }
    live(method)
}

pub(crate) fn live(method: &Method) -> Response<Full<Bytes>> {
    let status = if *method == Method::HEAD { StatusCode::NO_CONTENT } else { StatusCode::OK };
    text(status, "OK")
}

fn refuse(reason: &'static str) -> Response<Full<Bytes>> {
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
