//! The caller of a request, from its headers.

use zaqar_authentication::Token;
use zaqar_domain::{ClientIdRule, Limits};
use zaqar_model::{AuthToken, Caller, ClientId, Identity, ProjectId};

use crate::members::Members;
use crate::reply::Reply;

/// Without authentication: the headers are trusted, as over REST.
pub(crate) fn trusted(headers: &Members<'_>, limits: &Limits) -> Result<Caller, Reply> {
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

/// The owner of a token. `None`: the request is for another project than the token. `text` is the token itself.
pub(crate) fn token_owner(
    token: &Token,
    text: &AuthToken,
    headers: &Members<'_>,
    limits: &Limits,
) -> Result<Option<Caller>, Reply> {
    let project_id = headers.text("X-Project-ID").filter(|project| !project.is_empty());
    if project_id.is_none() || project_id != token.project {
        return Ok(None);
    }
    let (client, roles) = (Some(client(headers, limits)?), token.roles.clone());
    let identity = token.identity.clone();
    Ok(Some(Caller { project: project(headers)?, client, roles, identity, token: Some(text.clone()) }))
}

/// The bearer of a pre-signed URL, who has its project and no user.
pub(crate) fn url_bearer(headers: &Members<'_>, limits: &Limits) -> Result<Caller, Reply> {
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
        let reason = sentence(&error.to_string());
        Reply::bad_request(format!("The value of the \"X-Project-ID\" header is not valid. {reason}"))
    })
}

/// As over REST, every operation requires a valid client id.
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

/// Makes a sentence, with a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(characters).chain(['.']).collect()
}
