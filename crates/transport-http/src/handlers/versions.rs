//! `/`: the versions of the API.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::respond;

const VERSIONS: &str = "{\"versions\": [{\"id\": \"2\", \"status\": \"CURRENT\", \"updated\": \"2014-9-24T04:06:47Z\", \
    \"media-types\": [{\"base\": \"application/json\", \"type\": \"application/vnd.openstack.messaging-v2+json\"}], \
    \"links\": [{\"href\": \"/v2/\", \"rel\": \"self\"}]}]}";

pub(crate) fn show() -> Response<Full<Bytes>> {
    respond::json(StatusCode::MULTIPLE_CHOICES, Bytes::from_static(VERSIONS.as_bytes()))
}
