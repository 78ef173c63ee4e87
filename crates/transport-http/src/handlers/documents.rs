//! The documents that are the same for everybody. Each is written once, when the service starts.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use zaqar_domain::Limits;

use super::{home, versions};
use crate::operations::Document;
use crate::{openapi, respond};

#[derive(Debug)]
pub(crate) struct Documents {
    home: home::Document,
    openapi: Bytes,
}

impl Documents {
    pub(crate) fn new(limits: &Limits, admin_mode: bool) -> Self {
        Self { home: home::Document::new(admin_mode), openapi: openapi::text(limits, admin_mode).into() }
    }

    pub(crate) fn show(&self, document: Document) -> Response<Full<Bytes>> {
        match document {
            Document::Versions => versions::show(),
            Document::Home => self.home.show(),
            Document::OpenApi => respond::json(StatusCode::OK, self.openapi.clone()),
        }
    }
}
