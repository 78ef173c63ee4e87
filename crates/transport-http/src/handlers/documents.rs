//! The documents that are the same for everybody. Each is written once.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use zaqar_domain::Limits;

use super::{home, versions};
use crate::operations::Document;
use crate::routes::Administration;
use crate::{openapi, respond};

#[derive(Debug)]
pub(crate) struct Documents {
    home: home::Document,
    /// Written when somebody asks for it first: it is large.
    openapi: OnceLock<Bytes>,
    limits: Limits,
    administration: Administration,
}

impl Documents {
    pub(crate) fn new(limits: &Limits, administration: Administration) -> Self {
        let home = home::Document::new(administration.admin_mode);
        Self { home, openapi: OnceLock::new(), limits: limits.clone(), administration }
    }

    pub(crate) fn show(&self, document: Document) -> Response<Full<Bytes>> {
        match document {
            Document::Versions => versions::show(),
            Document::Home => self.home.show(),
            Document::OpenApi => {
                let write = || openapi::text(&self.limits, self.administration).into();
                respond::json(StatusCode::OK, self.openapi.get_or_init(write).clone())
            }
        }
    }
}
