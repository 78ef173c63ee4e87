//! Who asks, from the headers of a request.

use zaqar_authentication::Token;
use zaqar_domain::{ClientIdRule, Limits};
use zaqar_model::{AuthToken, Caller, ClientId, Identity, ProjectId};

use crate::members::Members;
use crate::reply::Reply;

/// Everybody is believed. What a header says counts as on REST.
pub(crate) fn believed(headers: &Members<'_>, limits: &Limits) -> Result<Caller, Reply> {
    let roles = headers.text("X-Roles").or_else(|| headers.text("X-Role")).unwrap_or_default();
    let roles = roles.split(',').map(str::trim).filter(|role| !role.is_empty()).map(str::to_owned).collect();
    let identity = Identity {
        user: headers.text("X-User-Id").or_else(|| headers.text("X-User")),
        domain: headers.text("X-Domain-Id"),
        user_domain: headers.text("X-User-Domain-Id"),
        project_domain: headers.text("X-Project-Domain-Id"),
        system_scope: headers.text("OpenStack-System-Scope"),
    };
    Ok(Caller { project: project(headers)?, client: client(headers, limits), roles, identity, token: None })
}

/// The owner of a token, with what Keystone says of them. `None`: the request is for another project than the token.
/// `text` is the token itself.
pub(crate) fn owner(
    token: &Token,
    text: &AuthToken,
    headers: &Members<'_>,
    limits: &Limits,
) -> Result<Option<Caller>, Reply> {
    let asked_for = headers.text("X-Project-ID").filter(|project| !project.is_empty());
    if asked_for.is_none() || asked_for != token.project {
        return Ok(None);
    }
    let (client, roles) = (client(headers, limits), token.roles.clone());
    let identity = token.identity.clone();
    Ok(Some(Caller { project: project(headers)?, client, roles, identity, token: Some(text.clone()) }))
}

/// The bearer of a pre-signed URL: of its project, and nobody in particular.
pub(crate) fn bearer(headers: &Members<'_>, limits: &Limits) -> Result<Caller, Reply> {
    let client = client(headers, limits);
    Ok(Caller {
        project: project(headers)?,
        client,
        roles: Vec::new(),
        identity: Identity::default(),
        token: None,
    })
}

fn project(headers: &Members<'_>) -> Result<ProjectId, Reply> {
    let id = headers.text("X-Project-ID").unwrap_or_default();
    ProjectId::new(&id).map_err(|error| Reply::bad_request(sentence(&error.to_string())))
}

/// `None`: what is given is no client's id. Only some actions ask for one.
fn client(headers: &Members<'_>, limits: &Limits) -> Option<ClientId> {
    let id = headers.text("Client-ID")?;
    match limits.client_id_uuid_safe {
        ClientIdRule::Uuid => ClientId::uuid(&id),
        ClientIdRule::AnyText => {
            let allowed = limits.min_length_client_id..=limits.max_length_client_id;
            allowed.contains(&id.chars().count()).then(|| ClientId::new(&id))
        }
    }
}

/// Why a client's id is refused.
pub(crate) fn client_refused(limits: &Limits) -> Reply {
    Reply::bad_request(match limits.client_id_uuid_safe {
        ClientIdRule::Uuid => "badly formed hexadecimal UUID string".to_owned(),
        ClientIdRule::AnyText => format!(
            "Length of client id must be at least {} and no greater than {}.",
            limits.min_length_client_id, limits.max_length_client_id
        ),
    })
}

/// With a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(characters).chain(['.']).collect()
}
