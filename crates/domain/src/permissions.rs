//! Who may do what: one rule an operation, with upstream's names. What a rule demands is decided in one place, which
//! the policy language replaces.

use zaqar_model::Caller;

use crate::{Error, Result};

/// The rules of the operations there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    QueuesGetAll,
    QueuesCreate,
    QueuesGet,
    QueuesDelete,
    QueuesUpdate,
    QueuesStats,
    QueuesPurge,
    MessagesGetAll,
    MessagesCreate,
    MessagesGet,
    MessagesDelete,
    MessagesDeleteAll,
    ClaimsCreate,
    ClaimsGet,
    ClaimsUpdate,
    ClaimsDelete,
    PingGet,
    HealthGet,
}

impl Rule {
    /// The name by which a policy file calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueuesGetAll => "queues:get_all",
            Self::QueuesCreate => "queues:create",
            Self::QueuesGet => "queues:get",
            Self::QueuesDelete => "queues:delete",
            Self::QueuesUpdate => "queues:update",
            Self::QueuesStats => "queues:stats",
            Self::QueuesPurge => "queues:purge",
            Self::MessagesGetAll => "messages:get_all",
            Self::MessagesCreate => "messages:create",
            Self::MessagesGet => "messages:get",
            Self::MessagesDelete => "messages:delete",
            Self::MessagesDeleteAll => "messages:delete_all",
            Self::ClaimsCreate => "claims:create",
            Self::ClaimsGet => "claims:get",
            Self::ClaimsUpdate => "claims:update",
            Self::ClaimsDelete => "claims:delete",
            Self::PingGet => "ping:get",
            Self::HealthGet => "health:get",
        }
    }
}

/// Whether `caller` may do what `rule` stands for.
pub(crate) fn permit(caller: &Caller, rule: Rule) -> Result<()> {
    let allowed = match rule {
        Rule::HealthGet => caller.has_role("admin"),
        _ => true,
    };
    if allowed { Ok(()) } else { Err(Error::Forbidden) }
}

#[cfg(test)]
mod tests {
    use zaqar_model::{Caller, ProjectId};

    use super::{Rule, permit};
    use crate::Error;

    #[test]
    fn health_is_for_administrators_and_queues_for_everybody() {
        let project = ProjectId::new("p").unwrap();
        let member = Caller { project: project.clone(), client: None, roles: vec!["member".into()] };
        let admin = Caller { project, client: None, roles: vec!["Admin".into()] };
        assert!(permit(&member, Rule::QueuesCreate).is_ok());
        assert!(matches!(permit(&member, Rule::HealthGet), Err(Error::Forbidden)));
        assert!(permit(&admin, Rule::HealthGet).is_ok());
    }
}
