//! What a request must have before anybody looks at it, in upstream's order: a type of body and of answer that is
//! spoken here, a client id, a project. What it must have even before, a token, is in `credentials.rs`.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, StatusCode, header};
use zaqar_authentication::{SignatureHeaders, SigningKeys};
use zaqar_domain::{ClientIdRule, Limits, Zaqar};
use zaqar_model::{
    AuthToken, Caller, ClientId, DestinationKind, DestinationName, Identity, ProjectId, QueueName,
};

use crate::body::Length;
use crate::credentials::{AUTH_TOKEN, Credentials};
use crate::errors::HttpError;
use crate::exchange::header_text;
use crate::falcon::accept::accepts_json;

pub(crate) const URL_SIGNATURE: HeaderName = HeaderName::from_static("url-signature");
const URL_PATHS: HeaderName = HeaderName::from_static("url-paths");
const URL_METHODS: HeaderName = HeaderName::from_static("url-methods");
const URL_EXPIRES: HeaderName = HeaderName::from_static("url-expires");
const CLIENT_ID: HeaderName = HeaderName::from_static("client-id");
/// Where a project may stand, in this order.
const PROJECT_ID: [HeaderName; 3] = [
    HeaderName::from_static("x-project-id"),
    HeaderName::from_static("x-tenant-id"),
    HeaderName::from_static("x-tenant"),
];
const ROLES: [HeaderName; 2] = [HeaderName::from_static("x-roles"), HeaderName::from_static("x-role")];
const USER_ID: [HeaderName; 2] = [HeaderName::from_static("x-user-id"), HeaderName::from_static("x-user")];
const DOMAIN_ID: HeaderName = HeaderName::from_static("x-domain-id");
const USER_DOMAIN_ID: HeaderName = HeaderName::from_static("x-user-domain-id");
const PROJECT_DOMAIN_ID: HeaderName = HeaderName::from_static("x-project-domain-id");
const SYSTEM_SCOPE: HeaderName = HeaderName::from_static("openstack-system-scope");

/// Whether a request that carries a signature may be made with it; one without may be made anyway.
pub(crate) fn signature_allows(
    headers: &HeaderMap,
    keys: &SigningKeys,
    method: &str,
    path: &str,
    zaqar: &Zaqar,
) -> bool {
    let Some(signature) = header_text(headers, &URL_SIGNATURE) else { return true };
    let [project, expires] = [&PROJECT_ID[0], &URL_EXPIRES].map(|name| header_text(headers, name));
    let [paths, methods] =
        [&URL_PATHS, &URL_METHODS].map(|name| header_text(headers, name).unwrap_or_default());
    let signed_headers = SignatureHeaders {
        project: project.as_deref(),
        paths: &paths,
        methods: &methods,
        expires: expires.as_deref(),
        signature: &signature,
    };
    keys.allow(&signed_headers, method, path, zaqar.now())
}

/// Checks that concern the form of a request only.
pub(crate) fn check_form(headers: &HeaderMap, accept: &str, length: Length) -> Result<(), HttpError> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    if length != Length::Absent
        && content_type.is_some_and(|value| value.eq_ignore_ascii_case(b"application/x-www-form-urlencoded"))
    {
        return Err(HttpError::bad_request(
            "Invalid Content-Type",
            "Endpoint does not accept `application/x-www-form-urlencoded` content; currently supported media type is \
             `application/json`; specify proper client-side media type with the \"Content-Type\" header.",
        ));
    }
    if !accepts_json(accept) {
        return Err(HttpError::status(StatusCode::NOT_ACCEPTABLE).describe(
            "Endpoint only serves `application/json`; specify client-side media type support with the \"Accept\" \
             header.",
        ));
    }
    Ok(())
}

/// Who asks. `kind`: of what the path names, for the refusal of a project.
pub(crate) fn caller(
    headers: &HeaderMap,
    credentials: &Credentials,
    limits: &Limits,
    kind: DestinationKind,
) -> Result<Caller, HttpError> {
    let client = client_id(headers, limits)?;
    let project = match credentials {
        Credentials::Believed => first_text(headers, &PROJECT_ID),
        Credentials::Signed => header_text(headers, &PROJECT_ID[0]),
        Credentials::Token(token) => token.as_ref().and_then(|token| token.project.as_deref()).map(Cow::from),
    };
    let project = project
        .ok_or_else(|| HttpError::bad_request("Project-Id Missing", "The header X-PROJECT-ID was missing"))?;
    if project.is_empty() {
        return Err(HttpError::bad_request(
            "Empty project header not allowed",
            "X-PROJECT-ID cannot be an empty string. Specify the right header X-PROJECT-ID and retry.",
        ));
    }
    let project = ProjectId::new(&project).map_err(|_| invalid_identification(kind))?;
    let (roles, identity) = match credentials {
        Credentials::Believed => (roles(headers), identity(headers)),
        Credentials::Token(Some(token)) => (token.roles.clone(), token.identity.clone()),
        Credentials::Signed | Credentials::Token(None) => (Vec::new(), Identity::default()),
    };
    let token = match credentials {
        Credentials::Token(Some(_)) => first_text(headers, &AUTH_TOKEN),
        _ => None,
    };
    let token = token.map(|token| AuthToken::new(token.trim()));
    Ok(Caller { project, client: Some(client), roles, identity, token })
}

fn roles(headers: &HeaderMap) -> Vec<String> {
    let roles = first_text(headers, &ROLES).unwrap_or_default();
    roles.split(',').map(str::trim).filter(|role| !role.is_empty()).map(str::to_owned).collect()
}

fn identity(headers: &HeaderMap) -> Identity {
    let text = |names: &[HeaderName]| first_text(headers, names).map(Cow::into_owned);
    Identity {
        user: text(&USER_ID),
        domain: text(&[DOMAIN_ID]),
        user_domain: text(&[USER_DOMAIN_ID]),
        project_domain: text(&[PROJECT_DOMAIN_ID]),
        system_scope: text(&[SYSTEM_SCOPE]),
    }
}

pub(crate) fn first_text<'h>(headers: &'h HeaderMap, names: &[HeaderName]) -> Option<Cow<'h, str>> {
    names.iter().find_map(|name| header_text(headers, name))
}

fn client_id(headers: &HeaderMap, limits: &Limits) -> Result<ClientId, HttpError> {
    let Some(text) = header_text(headers, &CLIENT_ID) else {
        return Err(HttpError::bad_request("Missing header value", "The \"Client-Id\" header is required."));
    };
    let client = match limits.client_id_uuid_safe {
        ClientIdRule::Uuid => ClientId::uuid(&text),
        ClientIdRule::AnyText => {
            let allowed = limits.min_length_client_id..=limits.max_length_client_id;
            allowed.contains(&text.chars().count()).then(|| ClientId::new(&text))
        }
    };
    client.ok_or_else(|| HttpError::bad_request("Wrong UUID value", "Malformed hexadecimal UUID."))
}

pub(crate) fn destination_name(kind: DestinationKind, name: &str) -> Result<DestinationName, HttpError> {
    let name = QueueName::new(name).map_err(|_| invalid_identification(kind))?;
    Ok(DestinationName { kind, name })
}

fn invalid_identification(kind: DestinationKind) -> HttpError {
    let (title, text) = if kind.is_topic() {
        ("Invalid topic identification", "The format of the submitted topic name or project id is not valid.")
    } else {
        ("Invalid queue identification", "The format of the submitted queue name or project id is not valid.")
    };
    HttpError::bad_request(title, text)
}
