//! Claims: messages taken for a while by one consumer.

use zaqar_model::{Claim, ClaimId, ClaimTerms, Destination, MessageId, Timestamp, TtlSeconds};
use zaqar_storage::{ClaimRequest, Claimed, Claims, DeadLetterPolicy, StorageResult};

use crate::PostgresMessageStore;
use crate::claiming::Claiming;
use crate::columns::{count_u32, message, message_columns, millis, number_of, timestamp, uuid_of_claim};
use crate::connection::{Failed, Session, values};
use crate::ended;
use crate::fence::lives_here;

/// What a live claim holds.
const HELD: &str = concat!(
    "SELECT m.claim_ttl, m.claim_renewed, ",
    message_columns!("$3::int8"),
    " FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
    WHERE q.number = $1::int8 AND m.claim = $2::uuid AND m.state = 2 AND m.visible_at > $3::int8
      AND m.expires > $3::int8 AND m.position > q.purged AND ",
    lives_here!("$1::int8"),
    " ORDER BY m.position"
);

/// A live claim starts over. What its messages are owed as lives as long as they do.
const RENEW: &str = concat!(
    "
WITH held AS MATERIALIZED (
  SELECT m.queue, m.position, m.owed, m.expires FROM zaqar.queues q JOIN zaqar.messages m ON m.queue = q.number
  WHERE q.number = $1::int8 AND q.stage < 2 AND m.claim = $2::uuid AND m.state = 2 AND m.visible_at > $3::int8
    AND m.expires > $3::int8 AND m.position > q.purged ORDER BY m.position FOR UPDATE OF m
), outlived AS (
  UPDATE zaqar.deliveries d SET expires = $6::int8 FROM held h
  WHERE h.owed AND h.expires < $4::int8 AND d.queue = h.queue AND d.position = h.position
)
UPDATE zaqar.messages m SET visible_at = $4::int8, claim_renewed = $3::int8, claim_ttl = $7::int8,
  ttl = CASE WHEN m.expires < $4::int8 THEN $5::int8 ELSE m.ttl END,
  expires = CASE WHEN m.expires < $4::int8 THEN $6::int8 ELSE m.expires END
FROM held h WHERE m.queue = h.queue AND m.position = h.position AND ",
    lives_here!("$1::int8")
);

const RELEASE: &str = concat!(
    "
WITH held AS MATERIALIZED (
  SELECT queue, position FROM zaqar.messages
  WHERE queue = $1::int8 AND claim = $2::uuid AND state = 2 AND visible_at > $3::int8 ORDER BY position FOR UPDATE
)
UPDATE zaqar.messages m SET state = 1, claim = NULL
FROM held h WHERE m.queue = h.queue AND m.position = h.position AND ",
    lives_here!("$1::int8")
);

/// A live claim with its messages.
pub(crate) async fn held(
    session: &Session,
    queue: i64,
    id: ClaimId,
    now: Timestamp,
) -> Result<Option<Claim>, Failed> {
    let (claim, now) = (uuid_of_claim(id), millis(now));
    let rows = session.query(HELD, values![queue => INT8, claim => UUID, now => INT8]).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let ttl = TtlSeconds::new(count_u32(first.try_get("claim_ttl")?));
    let renewed = timestamp(first.try_get("claim_renewed")?);
    let messages = rows.iter().map(message).collect::<Result<_, _>>()?;
    Ok(Some(Claim { id, ttl, renewed, messages }))
}

#[async_trait::async_trait]
impl Claims for PostgresMessageStore {
    async fn claim(
        &self,
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> StorageResult<Claimed> {
        self.claim_in_turn(Claiming::new(from, request, now, &self.memory)).await
    }

    async fn get_claim(
        &self,
        from: &Destination,
        id: ClaimId,
        now: Timestamp,
    ) -> StorageResult<Option<Claim>> {
        let queue = number_of(from);
        self.read(move |session| Box::pin(held(session, queue, id, now))).await
    }

    async fn renew(
        &self,
        from: &Destination,
        id: ClaimId,
        terms: ClaimTerms,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let (queue, claim) = (number_of(from), uuid_of_claim(id));
        let longer = TtlSeconds::new(terms.ttl.get().saturating_add(terms.grace.get()));
        let (until, lives) = (millis(terms.ttl.after(now)), millis(longer.after(now)));
        let (now, longer, ttl) = (millis(now), i64::from(longer.get()), i64::from(terms.ttl.get()));
        let renew = self.write(move |session| {
            Box::pin(async move {
                let values = values![
                    queue => INT8, claim => UUID, now => INT8, until => INT8, longer => INT8, lives => INT8, ttl => INT8,
                ];
                session.execute(RENEW, values).await
            })
        });
        Ok(renew.await? > 0)
    }

    async fn release(&self, from: &Destination, id: ClaimId, now: Timestamp) -> StorageResult<()> {
        let (queue, claim, now) = (number_of(from), uuid_of_claim(id), millis(now));
        let release = self.write(move |session| {
            Box::pin(async move {
                session.execute(RELEASE, values![queue => INT8, claim => UUID, now => INT8]).await
            })
        });
        release.await.map(drop)
    }

    async fn with_ended_claims(&self, limit: usize, now: Timestamp) -> StorageResult<Vec<Destination>> {
        self.read(move |session| Box::pin(ended::with_ended_claims(session, limit, now))).await
    }

    async fn set_aside(
        &self,
        from: &Destination,
        policy: Option<DeadLetterPolicy>,
        now: Timestamp,
    ) -> StorageResult<Vec<MessageId>> {
        let queue = number_of(from);
        self.write(move |session| Box::pin(ended::set_aside(session, queue, policy, now))).await
    }
}

impl PostgresMessageStore {
    /// Two calls with one id do not overlap, and the later one looks what the earlier one did.
    async fn claim_in_turn(&self, mut claiming: Claiming) -> StorageResult<Claimed> {
        let id = claiming.request.id;
        let turn = self.memory.turn_of(id);
        let (turn, has_waited) = match turn.try_lock() {
            Ok(held) => (held, false),
            Err(_) => (turn.lock().await, true),
        };
        claiming.request.is_repeated |= has_waited;
        let claimed = self.lanes()?.claims.ask(claiming).await;
        drop(turn);
        self.memory.forget_turn(id);
        claimed
    }
}
