//! Pre-signed URLs, whose parts are in the headers of a request, as texts or as lists of texts.

use zaqar_authentication::{SignatureHeaders, SigningKeys};
use zaqar_model::{DestinationName, Timestamp};

use crate::actions::Action;
use crate::members::Members;

/// Whether the headers carry a signature.
pub(crate) fn is_signed(headers: &Members<'_>) -> bool {
    headers.raw("URL-Signature").is_some()
}

/// Whether the signature is valid now and allows `action` on `destination`.
pub(crate) fn allows(
    headers: &Members<'_>,
    keys: &SigningKeys,
    action: &Action,
    destination: Option<&DestinationName>,
    now: Timestamp,
) -> bool {
    let (Some(presigned), Some(destination)) = (action.presigned, destination) else { return false };
    let collection = if destination.kind.is_topic() { "topics" } else { "queues" };
    let path = format!("/v2/{collection}/{}/{}", destination.name, presigned.part);
    let [project, expires] = ["X-Project-ID", "URL-Expires"].map(|name| headers.text(name));
    let [paths, methods] = ["URL-Paths", "URL-Methods"].map(|name| list(headers, name));
    let signature = headers.text("URL-Signature").unwrap_or_default();
    let signed_headers = SignatureHeaders {
        project: project.as_deref(),
        paths: &paths,
        methods: &methods,
        expires: expires.as_deref(),
        signature: &signature,
    };
    keys.allow(&signed_headers, presigned.method, &path, now)
}

/// A list in the form of REST: separated by commas.
fn list(headers: &Members<'_>, name: &str) -> String {
    let joined = || headers.get::<Vec<String>>(name).map(|items| items.join(","));
    headers.text(name).or_else(joined).unwrap_or_default()
}
