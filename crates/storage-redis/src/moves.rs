//! How a queue that is on its way to another pool lies in the store.

use zaqar_model::{MoveId, PoolName, QueueMove};
use zaqar_storage::StorageResult;

use crate::accounts::write_text;
use crate::calls::Call;
use crate::connection::damaged;
use crate::fields::Fields;
use crate::management::name_of;
use crate::records::{destination, destination_bytes};

/// The pools that a move needs stand first, where it is to lead (empty for none) before the others.
pub(crate) fn record(noted: &QueueMove) -> Vec<u8> {
    let count = u32::try_from(noted.pools.len()).unwrap_or(u32::MAX).saturating_add(1);
    let mut bytes = count.to_le_bytes().to_vec();
    write_text(&mut bytes, name(noted.to.as_ref()));
    noted.pools.iter().for_each(|pool| write_text(&mut bytes, pool.as_str()));
    bytes.push(u8::from(noted.attempt.is_some()));
    bytes.extend(noted.attempt.map_or(0, MoveId::as_u128).to_be_bytes());
    bytes.extend(destination_bytes(&noted.queue));
    bytes
}

pub(crate) fn noted(record: &[u8]) -> StorageResult<QueueMove> {
    let mut fields = Fields(record);
    let count = fields.u32()?.checked_sub(1).ok_or_else(damaged)?;
    let pool = |name: String| name_of(name.as_bytes(), PoolName::new);
    let to = Some(fields.text()?).filter(|name| !name.is_empty()).map(pool).transpose()?;
    let pools = (0..count).map(|_| fields.text().and_then(pool)).collect::<StorageResult<_>>()?;
    let has_attempt = fields.u8()? == 1;
    let attempt = MoveId::from_u128(fields.u128()?);
    Ok(QueueMove { queue: destination(fields.0)?, to, pools, attempt: has_attempt.then_some(attempt) })
}

/// A pool or none, as the scripts have it.
pub(crate) fn name(pool: Option<&PoolName>) -> &str {
    pool.map(PoolName::as_str).unwrap_or_default()
}

/// The pools that a move needs.
pub(crate) fn needed(noted: &QueueMove) -> Vec<&str> {
    noted.to.iter().chain(&noted.pools).map(PoolName::as_str).collect()
}

/// Hands some pools to a script.
pub(crate) fn with_pools(call: Call, pools: &[&str]) -> Call {
    pools.iter().fold(call, |call, pool| call.arg(*pool))
}

#[cfg(test)]
mod tests {
    use zaqar_model::{
        Destination, DestinationKind, DestinationNumber, MoveId, PoolName, ProjectId, QueueMove, QueueName,
    };

    use super::{noted, record};

    #[test]
    fn a_move_comes_back() {
        let pool = |name: &str| PoolName::new(name).unwrap();
        let queue = Destination {
            kind: DestinationKind::Queue,
            project: ProjectId::new("p").unwrap(),
            name: QueueName::new("q").unwrap(),
            number: DestinationNumber::new(u64::MAX),
        };
        let there = QueueMove {
            queue,
            to: Some(pool("two")),
            pools: vec![pool("one"), pool("two")],
            attempt: Some(MoveId::from_u128(7)),
        };
        let back = QueueMove { to: None, attempt: None, ..there.clone() };
        for own in [there, back] {
            assert_eq!(noted(&record(&own)).unwrap(), own);
        }
    }
}
