//! The documents that are the same for all callers. Each is rendered once.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use zaqar_domain::Limits;

use super::{home, versions};
use crate::operations::StaticDocument;
use crate::routes::AdminFeatures;
use crate::{openapi, respond};

#[derive(Debug)]
pub(crate) struct StaticDocuments {
    home: home::HomeDocument,
    /// Rendered on first use, because it is large.
    openapi: OnceLock<Bytes>,
    limits: Limits,
    admin_features: AdminFeatures,
}

impl StaticDocuments {
    pub(crate) fn new(limits: &Limits, admin_features: AdminFeatures) -> Self {
        let home = home::HomeDocument::new(admin_features.admin_mode);
        Self { home, openapi: OnceLock::new(), limits: limits.clone(), admin_features }
    }

    pub(crate) fn show(&self, document: StaticDocument) -> Response<Full<Bytes>> {
        match document {
            StaticDocument::Versions => versions::show(),
            StaticDocument::Home => self.home.show(),
            StaticDocument::OpenApi => {
                let render = || openapi::render(&self.limits, self.admin_features).into();
                respond::json(StatusCode::OK, self.openapi.get_or_init(render).clone())
            }
        }
    }
}
