//! Deletions: those that wait go to the server in one statement with one commit; each is done whole or not at all.

use uuid::Uuid;
use zaqar_model::{ClaimId, Destination, MessageId, Timestamp};
use zaqar_storage::{Deletion, Guard, StorageError};

use crate::columns::{halves, millis, number_of, uuid_of_claim, uuid_of_message};
use crate::connection::{Failed, Session, Waiting, Work, values};

/// A deletion that waits.
pub(crate) struct Deleting {
    pub(crate) from: Destination,
    pub(crate) ids: Vec<MessageId>,
    pub(crate) guard: OwnGuard,
    pub(crate) now: Timestamp,
}

/// A [`Guard`] that waits with its deletion.
pub(crate) enum OwnGuard {
    Unclaimed,
    HeldBy(Vec<ClaimId>),
    Any,
}

impl From<Guard<'_>> for OwnGuard {
    fn from(guard: Guard<'_>) -> Self {
        match guard {
            Guard::Unclaimed => Self::Unclaimed,
            Guard::HeldBy(claims) => Self::HeldBy(claims.to_vec()),
            Guard::Any => Self::Any,
        }
    }
}

/// What subscribers are owed stays for them.
const DELETE: &str = "
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::int8[], $6::uuid[])
    AS d(request, nth, queue, position, nonce, id)
), requests AS MATERIALIZED (
  SELECT * FROM unnest($7::int8[], $8::int2[], $11::int8[]) WITH ORDINALITY AS r(now, guard, queue, request)
), named AS MATERIALIZED (
  SELECT * FROM unnest($9::int4[], $10::uuid[]) AS c(request, claim)
), found AS MATERIALIZED (
  SELECT a.request, a.nth, m.queue, m.position FROM asked a JOIN zaqar.messages m
    ON m.queue = a.queue AND m.position = a.position AND m.nonce = a.nonce AND m.foreign_id IS NULL AND m.state < 3
  UNION ALL
  SELECT a.request, a.nth, m.queue, m.position FROM asked a JOIN zaqar.messages m
    ON m.queue = a.queue AND m.foreign_id = a.id AND m.state < 3
), locked AS MATERIALIZED (
  SELECT f.request, f.nth, r.guard, m.queue, m.position, m.claim, m.kept,
    m.state = 2 AND m.claim IS NOT NULL AND m.visible_at > r.now AS live
  FROM found f JOIN requests r ON r.request = f.request
  JOIN zaqar.queues q ON q.number = f.queue AND q.stage < 2
  JOIN zaqar.messages m ON m.queue = f.queue AND m.position = f.position
  WHERE m.state < 3 AND m.expires > r.now AND m.position > q.purged
  ORDER BY m.queue, m.position FOR UPDATE OF m
), judged AS MATERIALIZED (
  SELECT l.*, CASE
    WHEN guard = 0 THEN 0
    WHEN guard = 1 THEN CASE WHEN live THEN 1 ELSE 0 END
    WHEN EXISTS (SELECT 1 FROM named n WHERE n.request = l.request AND n.claim = l.claim) THEN 0
    WHEN live THEN 3 ELSE 2 END AS refusal
  FROM locked l
), refused AS MATERIALIZED (
  SELECT DISTINCT ON (request) request, refusal FROM judged WHERE refusal > 0 ORDER BY request, nth
), doomed AS MATERIALIZED (
  SELECT DISTINCT queue, position, kept FROM judged WHERE request NOT IN (SELECT request FROM refused)
), gone AS (
  DELETE FROM zaqar.messages m USING doomed d WHERE NOT d.kept AND m.queue = d.queue AND m.position = d.position
), retained AS (
  UPDATE zaqar.messages m SET state = 4, claim = NULL FROM doomed d
  WHERE d.kept AND m.queue = d.queue AND m.position = d.position
)
SELECT request::int8, refusal FROM refused
UNION ALL
SELECT r.request, 4 FROM requests r JOIN zaqar.queues q ON q.number = r.queue WHERE q.stage > 2";

#[async_trait::async_trait]
impl Work for Deleting {
    type Answer = Deletion;
    const IS_WRITE: bool = true;
    const MOST: usize = 256;

    async fn perform(session: &Session, group: &mut [Waiting<Self>]) -> Result<(), Failed> {
        let (mut requests, mut nths, mut queues) = (Vec::new(), Vec::new(), Vec::new());
        let (mut positions, mut nonces, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        let (mut times, mut guards, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        let (mut named_by, mut named): (Vec<i32>, Vec<Uuid>) = (Vec::new(), Vec::new());
        for (request, waiting) in (1_i32..).zip(group.iter()) {
            let work = &waiting.work;
            for (nth, id) in (0_i32..).zip(&work.ids) {
                let (position, nonce) = halves(*id);
                requests.push(request);
                nths.push(nth);
                queues.push(number_of(&work.from));
                positions.push(position);
                nonces.push(nonce);
                ids.push(uuid_of_message(*id));
            }
            sources.push(number_of(&work.from));
            times.push(millis(work.now));
            guards.push(match &work.guard {
                OwnGuard::Any => 0_i16,
                OwnGuard::Unclaimed => 1,
                OwnGuard::HeldBy(claims) => {
                    named_by.extend(claims.iter().map(|_| request));
                    named.extend(claims.iter().map(|claim| uuid_of_claim(*claim)));
                    2
                }
            });
        }
        let values = values![
            requests => INT4_ARRAY, nths => INT4_ARRAY, queues => INT8_ARRAY, positions => INT8_ARRAY,
            nonces => INT8_ARRAY, ids => UUID_ARRAY, times => INT8_ARRAY, guards => INT2_ARRAY,
            named_by => INT4_ARRAY, named => UUID_ARRAY, sources => INT8_ARRAY,
        ];
        let rows = match session.query(DELETE, values).await {
            // A queue was sealed meanwhile; now it is known which one.
            Err(failed) if failed.is_moved() => session.query(DELETE, values).await?,
            rows => rows?,
        };
        for row in rows {
            let (request, refusal): (i64, i32) = (row.try_get(0)?, row.try_get(1)?);
            let at = usize::try_from(request - 1).unwrap_or_default();
            let deletion = match refusal {
                4 => {
                    group[at].answer(Err(StorageError::Moved));
                    continue;
                }
                1 => Deletion::MessageIsClaimed,
                2 => Deletion::MessageNotClaimed,
                _ if any_lives(session, &group[at].work).await? => Deletion::ClaimedByAnother,
                _ => Deletion::ClaimDoesNotExist,
            };
            group[at].answer(Ok(deletion));
        }
        group.iter_mut().for_each(|waiting| waiting.answer(Ok(Deletion::Done)));
        Ok(())
    }
}

/// Whether one of the claims that were named lives.
async fn any_lives(session: &Session, work: &Deleting) -> Result<bool, Failed> {
    let OwnGuard::HeldBy(claims) = &work.guard else { return Ok(false) };
    let (queue, now) = (number_of(&work.from), millis(work.now));
    let claims: Vec<Uuid> = claims.iter().map(|claim| uuid_of_claim(*claim)).collect();
    let lives = "SELECT 1 FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
        WHERE q.number = $1::int8 AND m.claim = ANY($2::uuid[]) AND m.state = 2 AND m.visible_at > $3::int8
          AND m.expires > $3::int8 AND m.position > q.purged LIMIT 1";
    let values = values![queue => INT8, claims => UUID_ARRAY, now => INT8];
    Ok(session.first(lives, values).await?.is_some())
}
