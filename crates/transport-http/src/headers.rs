//! Request headers: the names that several modules use, and how their values are read.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

pub(crate) const AUTH_TOKEN: [HeaderName; 2] =
    [HeaderName::from_static("x-auth-token"), HeaderName::from_static("x-storage-token")];
pub(crate) const SERVICE_TOKEN: HeaderName = HeaderName::from_static("x-service-token");
pub(crate) const URL_SIGNATURE: HeaderName = HeaderName::from_static("url-signature");
pub(crate) const URL_PATHS: HeaderName = HeaderName::from_static("url-paths");
pub(crate) const URL_METHODS: HeaderName = HeaderName::from_static("url-methods");
pub(crate) const URL_EXPIRES: HeaderName = HeaderName::from_static("url-expires");
pub(crate) const CLIENT_ID: HeaderName = HeaderName::from_static("client-id");
/// The headers that may contain the project, in this order.
pub(crate) const PROJECT_ID: [HeaderName; 3] = [
    HeaderName::from_static("x-project-id"),
    HeaderName::from_static("x-tenant-id"),
    HeaderName::from_static("x-tenant"),
];
pub(crate) const ROLES: [HeaderName; 2] =
    [HeaderName::from_static("x-roles"), HeaderName::from_static("x-role")];
pub(crate) const USER_ID: [HeaderName; 2] =
    [HeaderName::from_static("x-user-id"), HeaderName::from_static("x-user")];
pub(crate) const DOMAIN_ID: HeaderName = HeaderName::from_static("x-domain-id");
pub(crate) const USER_DOMAIN_ID: HeaderName = HeaderName::from_static("x-user-domain-id");
pub(crate) const PROJECT_DOMAIN_ID: HeaderName = HeaderName::from_static("x-project-domain-id");
pub(crate) const SYSTEM_SCOPE: HeaderName = HeaderName::from_static("openstack-system-scope");

/// The value of a header. Several headers of one name are joined by commas. A value that is not UTF-8 is read as
/// Latin-1.
pub(crate) fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Cow<'h, str>> {
    let mut values = headers.get_all(name).iter().map(|value| match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    });
    let mut text = values.next()?;
    for value in values {
        text.to_mut().extend([",", &value]);
    }
    Some(text)
}

/// The value of the first of these headers that is there.
pub(crate) fn first_text<'h>(headers: &'h HeaderMap, names: &[HeaderName]) -> Option<Cow<'h, str>> {
    names.iter().find_map(|name| header_text(headers, name))
}
