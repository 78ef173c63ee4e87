//! Who asks, from the headers of a request.

use zaqar_authentication::Token;
use zaqar_domain::{ClientIdRule, Limits};
use zaqar_model::{AuthToken, Caller, ClientId, Identity, ProjectId};

use crate::members::Members;
use crate::reply::Reply;

/// Everybody is believed. What a header says counts as on REST.
pub(crate) fn believed(headers: &Members<'_>, limits: &Limits) -> Result<Caller, Reply> {
    let client = client(headers, limits)?;
    let roles = headers.text("X-Roles").or_else(|| headers.text("X-Role")).unwrap_or_default();
    let roles = roles.split(',').map(str::trim).filter(|role| !role.is_empty()).map(str::to_owned).collect();
    let identity = Identity {
        user: headers.text("X-User-Id").or_else(|| headers.text("X-User")),
        domain: headers.text("X-Domain-Id"),
        user_domain: headers.text("X-User-Domain-Id"),
        project_domain: headers.text("X-Project-Domain-Id"),
        system_scope: headers.text("OpenStack-System-Scope"),
    };
    Ok(Caller { project: project(headers)?, client: Some(client), roles, identity, token: None })
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
    let (client, roles) = (Some(client(headers, limits)?), token.roles.clone());
    let identity = token.identity.clone();
    Ok(Some(Caller { project: project(headers)?, client, roles, identity, token: Some(text.clone()) }))
}

/// The bearer of a pre-signed URL: of its project, and nobody in particular.
pub(crate) fn bearer(headers: &Members<'_>, limits: &Limits) -> Result<Caller, Reply> {
    let client = client(headers, limits)?;
    Ok(Caller {
        project: project(headers)?,
        client: Some(client),
        roles: Vec::new(),
        identity: Identity::default(),
        token: None,
    })
}

fn project(headers: &Members<'_>) -> Result<ProjectId, Reply> {
    let id = headers.text("X-Project-ID").unwrap_or_default();
    ProjectId::new(&id).map_err(|error| {
        let why = sentence(&error.to_string());
        Reply::bad_request(format!("The value of the \"X-Project-ID\" header is refused. {why}"))
    })
}

/// As over REST, every operation asks for one that is in order.
fn client(headers: &Members<'_>, limits: &Limits) -> Result<ClientId, Reply> {
    let id = headers.text("Client-ID").unwrap_or_default();
    match limits.client_id_uuid_safe {
        ClientIdRule::Uuid => ClientId::uuid(&id)
            .ok_or_else(|| Reply::bad_request("The value of the \"Client-ID\" header must be a UUID.")),
        ClientIdRule::AnyText => {
            let (min, max) = (limits.min_length_client_id, limits.max_length_client_id);
            let allowed = (min..=max).contains(&id.chars().count());
            allowed.then(|| ClientId::new(&id)).ok_or_else(|| {
                let text = format!("Length of client id must be at least {min} and no greater than {max}.");
                Reply::bad_request(text)
            })
        }
    }
}

/// With a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(characters).chain(['.']).collect()
}
