//! `/v2/`: the JSON-home document with upstream's resources.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value};

use crate::respond;

const RESOURCES: &str = include_str!("home_resources.json");
const ADMIN_RESOURCES: &str = include_str!("home_admin_resources.json");

/// The document, rendered once.
#[derive(Debug)]
pub(crate) struct HomeDocument(Bytes);

impl HomeDocument {
    pub(crate) fn new(admin_mode: bool) -> Self {
        let read = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
        let mut resources = read(RESOURCES);
        if admin_mode {
            resources.extend(read(ADMIN_RESOURCES));
        }
        let document = Map::from_iter([("resources".to_owned(), Value::Object(resources))]);
        let mut text = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
        // Writing to memory cannot fail.
        let _ = document.serialize(&mut serializer);
        Self(text.into())
    }

    pub(crate) fn show(&self) -> Response<Full<Bytes>> {
        let mut response = respond::json(StatusCode::OK, self.0.clone());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json-home"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=86400"));
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::HomeDocument;

    #[test]
    fn administrators_see_more() {
        let names = |admin_mode| {
            let document: Value = serde_json::from_slice(&HomeDocument::new(admin_mode).0).unwrap();
            document["resources"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(false).len(), 19);
        assert!(names(true).ends_with(&["rel/flavor".to_owned(), "rel/health".to_owned()]));
    }
}
