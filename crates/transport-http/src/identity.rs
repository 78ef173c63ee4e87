//! The checks of every request before its handler runs, in upstream's order: content type and `Accept`, client id,
//! project. The token is checked before that, in `credentials.rs`.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, StatusCode, header};
use zaqar_authentication::{SignatureHeaders, SigningKeys};
use zaqar_domain::{ClientIdRule, Limits, Zaqar};
use zaqar_model::{
    AuthToken, Caller, ClientId, DestinationKind, DestinationName, Identity, ProjectId, QueueName,
};

use crate::body::BodyLength;
use crate::credentials::Credentials;
use crate::errors::HttpError;
use crate::falcon::accept::accepts_json;
use crate::headers::{
    AUTH_TOKEN, CLIENT_ID, DOMAIN_ID, PROJECT_DOMAIN_ID, PROJECT_ID, ROLES, SYSTEM_SCOPE, URL_EXPIRES,
    URL_METHODS, URL_PATHS, URL_SIGNATURE, USER_DOMAIN_ID, USER_ID, first_text, header_text,
};

/// Whether the signature of a request allows it. Requests without a signature pass.
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

/// Checks the content type and `Accept`.
pub(crate) fn check_form(headers: &HeaderMap, accept: &str, length: BodyLength) -> Result<(), HttpError> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    if length != BodyLength::Absent
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

/// The caller. `kind`: what the path is about, for the error about an invalid project.
pub(crate) fn caller(
    headers: &HeaderMap,
    credentials: &Credentials,
    limits: &Limits,
    kind: DestinationKind,
) -> Result<Caller, HttpError> {
    let client = client_id(headers, limits)?;
    let project = match credentials {
        Credentials::Headers => first_text(headers, &PROJECT_ID),
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
        Credentials::Headers => (roles(headers), identity(headers)),
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
