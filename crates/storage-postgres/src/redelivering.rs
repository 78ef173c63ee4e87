//! Deliveries that are owed once more.

use uuid::Uuid;
use zaqar_model::{Destination, MessageId, SubscriptionId, Timestamp};
use zaqar_storage::Redelivery;

use crate::columns::{halves, message_uuid, millis, number_of, uuid_of_message, uuid_of_subscription};
use crate::connection::{Failed, Session, values};
use crate::due::touch;
use crate::fence::lives_here;
use crate::leasing::account_of_unknown;
use crate::retained::is_owed;

/// A live subscription that is notified; nothing of it is leased meanwhile.
const LOCK: &str = concat!(
    "SELECT s.reached, s.respects_delay, s.exported FROM zaqar.subscriptions s
    WHERE s.queue = $1::int8 AND s.id = $2::uuid AND s.notified AND s.ends > $3::int8 AND ",
    lives_here!("$1::int8"),
    " FOR UPDATE OF s"
);

/// The message that came last under its id, if it has not expired and is still there for somebody.
const FIND: &str = concat!(
    "SELECT m.position, m.expires, m.owed FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number AND m.position = (
      SELECT max(position) FROM (
        SELECT n.position FROM zaqar.messages n WHERE n.queue = $2::int8 AND n.position = $3::int8 AND n.nonce = $4::int8
          AND n.foreign_id IS NULL
        UNION ALL
        SELECT n.position FROM zaqar.messages n WHERE n.queue = $2::int8 AND n.foreign_id = $5::uuid) known)
    WHERE q.number = $2::int8 AND m.expires > $1::int8 AND NOT m.returned
      AND (m.state < 3 AND m.position > q.purged OR m.state = 3 OR ",
    is_owed!(),
    ") FOR UPDATE OF m"
);

const STANDING: &str = "
SELECT state, due_at FROM zaqar.deliveries
WHERE queue = $1::int8 AND subscription = $2::uuid AND position = $3::int8 FOR UPDATE";

/// The attempt that nobody told of comes on record, and it begins anew.
const BEGIN_ANEW: [&str; 2] = [
    concat!(
        "INSERT INTO zaqar.attempts (queue, subscription, number, message, at, latency, excerpt, ending, exported)
        SELECT d.queue, d.subscription, nextval('zaqar.attempt_numbers'), ",
        message_uuid!("m"),
        ", d.leased_at, 0, $5::bytea, 3, d.exported FROM zaqar.deliveries d
        JOIN zaqar.messages m ON m.queue = d.queue AND m.position = d.position
        WHERE d.queue = $1::int8 AND d.subscription = $2::uuid AND d.position = $3::int8 AND d.state = 1
          AND d.due_at <= $4::int8"
    ),
    "UPDATE zaqar.deliveries SET state = 0, attempts = 0, due_at = $4::int8, late = false, reason = NULL, lease = NULL
     WHERE queue = $1::int8 AND subscription = $2::uuid AND position = $3::int8 AND $5::bytea IS NOT NULL",
];

const OWE: &str = "
INSERT INTO zaqar.deliveries (queue, subscription, position, state, due_at, expires, exported)
VALUES ($1::int8, $2::uuid, $3::int8, 0, $4::int8, $5::int8, $6::bool)";

const FAILED_SINCE: &str = concat!(
    "SELECT ",
    message_uuid!("m"),
    " FROM zaqar.deliveries d JOIN zaqar.messages m ON m.queue = d.queue AND m.position = d.position
    WHERE d.queue = $1::int8 AND d.subscription = $2::uuid AND d.state = 2 AND d.due_at >= $3::int8 ORDER BY d.position"
);

pub(crate) async fn redeliver(
    session: &Session,
    source: &Destination,
    subscription: SubscriptionId,
    which: Redelivery,
    now: Timestamp,
) -> Result<u64, Failed> {
    let (queue, id, now) = (number_of(source), uuid_of_subscription(subscription), millis(now));
    session.begin().await?;
    let Some(row) = session.first(LOCK, values![queue => INT8, id => UUID, now => INT8]).await? else {
        session.commit().await?;
        return Ok(0);
    };
    let (reached, respects_delay, exported) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let place = Place { queue, id, reached, respects_delay, exported };
    let mut owed = 0;
    match which {
        Redelivery::Message(message) => owed += u64::from(owe_again(session, &place, message, now).await?),
        Redelivery::FailedSince(since) => {
            let since = millis(since);
            for row in session.query(FAILED_SINCE, values![queue => INT8, id => UUID, since => INT8]).await? {
                let message = MessageId::from_u128(row.try_get::<_, Uuid>(0)?.as_u128());
                owed += u64::from(owe_again(session, &place, message, now).await?);
            }
        }
    }
    touch(session, &[queue], &[id]).await?;
    session.commit().await?;
    Ok(owed)
}

/// A subscription that is locked.
struct Place {
    queue: i64,
    id: Uuid,
    reached: i64,
    respects_delay: bool,
    exported: bool,
}

async fn owe_again(session: &Session, to: &Place, message: MessageId, now: i64) -> Result<bool, Failed> {
    let (Place { queue, id, .. }, uuid) = (to, uuid_of_message(message));
    let (position, nonce) = halves(message);
    let values = values![now => INT8, queue => INT8, position => INT8, nonce => INT8, uuid => UUID];
    let Some(found) = session.first(FIND, values).await? else { return Ok(false) };
    let (position, expires, is_owed): (i64, i64, bool) =
        (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?);
    let standing = session.first(STANDING, values![queue => INT8, id => UUID, position => INT8]).await?;
    match standing {
        Some(row) => {
            let (state, due): (i16, i64) = (row.try_get(0)?, row.try_get(1)?);
            if state == 1 && due > now {
                return Ok(true);
            }
            let unknown = account_of_unknown();
            for statement in BEGIN_ANEW {
                let values =
                    values![queue => INT8, id => UUID, position => INT8, now => INT8, unknown => BYTEA];
                session.execute(statement, values).await?;
            }
        }
        // What has not been taken up is owed already; only a delay may hold it back.
        None if position > to.reached && is_owed && !to.respects_delay => {}
        None => {
            let exported = to.exported;
            let values = values![
                queue => INT8, id => UUID, position => INT8, now => INT8, expires => INT8, exported => BOOL,
            ];
            session.execute(OWE, values).await?;
            let keep = "UPDATE zaqar.messages SET kept = true
                WHERE queue = $1::int8 AND position = $2::int8 AND NOT kept";
            session.execute(keep, values![queue => INT8, position => INT8]).await?;
        }
    }
    Ok(true)
}
