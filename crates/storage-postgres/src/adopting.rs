//! Messages that come from another queue or store.

use uuid::Uuid;
use zaqar_model::{MessageId, StoredMessage, Timestamp};
use zaqar_storage::{Adoption, LARGEST_POST};

use crate::columns::{client_bytes, halves, millis, uuid_of_message};
use crate::connection::{Failed, Session, values};

/// What cannot be seen any more gives way to what comes with its id.
const CLEAR: [&str; 2] = [
    "UPDATE zaqar.messages m SET state = 4, claim = NULL FROM zaqar.queues q
     WHERE q.number = $1::int8 AND m.queue = q.number AND m.foreign_id = ANY($2::uuid[]) AND m.state < 3
       AND (m.position <= q.purged OR m.expires <= $3::int8) AND m.kept",
    "DELETE FROM zaqar.messages m USING zaqar.queues q
     WHERE q.number = $1::int8 AND m.queue = q.number AND m.foreign_id = ANY($2::uuid[]) AND m.state < 3
       AND (m.position <= q.purged OR m.expires <= $3::int8) AND NOT m.kept",
];

const ADOPT: &str = "
WITH here AS (SELECT number, base, purged, subscribed FROM zaqar.queues WHERE number = $1::int8
), coming AS MATERIALIZED (
  SELECT i.*, row_number() OVER (ORDER BY i.nth) - 1 AS place FROM (
    SELECT DISTINCT ON (id) * FROM unnest($4::uuid[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[],
        $10::int8[], $11::int8[], $12::bool[], $13::bytea[], $14::bytea[], $15::bytea[])
      WITH ORDINALITY AS i(id, position, nonce, ttl, created, expires, delayed_until, claim_count, letter, client,
        checksum, body, nth)
    ORDER BY id, nth) i
  WHERE NOT EXISTS (SELECT 1 FROM zaqar.messages m, here h WHERE m.queue = h.number AND m.position = i.position
      AND m.nonce = i.nonce AND m.foreign_id IS NULL AND m.state < 3 AND m.position > h.purged AND m.expires > $2::int8)
    AND NOT EXISTS (SELECT 1 FROM zaqar.messages m WHERE m.queue = $1::int8 AND m.foreign_id = i.id AND m.state < 3)
), placed AS MATERIALIZED (
  SELECT h.number, h.subscribed, (h.base + nextval('zaqar.posts')) << 16 AS first FROM here h
  WHERE EXISTS (SELECT 1 FROM coming)
), noted AS (
  INSERT INTO zaqar.batches (batch, queue, first, last, at, ids)
  SELECT gen_random_uuid(), number, first, first + (SELECT count(*) FROM coming) - 1, $2::int8, '{}' FROM placed
), adopted AS (
  INSERT INTO zaqar.messages (queue, position, nonce, created, expires, delayed_until, visible_at, ttl, claim_count,
    foreign_id, state, owed, returned, kept, letter, client, checksum, body)
  SELECT p.number, p.first + c.place, 0, c.created, c.expires, c.delayed_until, c.delayed_until, c.ttl, c.claim_count,
    c.id, CASE WHEN c.delayed_until > $2::int8 THEN 2 WHEN c.claim_count > 0 THEN 1 ELSE 0 END,
    p.subscribed AND $3::bool AND c.expires > $2::int8, NOT $3::bool, p.subscribed AND $3::bool AND c.expires > $2::int8, c.letter, c.client, c.checksum, c.body
  FROM coming c, placed p
), owing AS (
  INSERT INTO zaqar.owing SELECT number FROM placed WHERE subscribed AND $3::bool ON CONFLICT DO NOTHING
)
SELECT subscribed FROM placed";

/// Takes messages in; the row of the queue is locked. Those that are here already are passed over.
pub(crate) async fn adopt(
    session: &Session,
    queue: i64,
    messages: &[StoredMessage],
    adoption: Adoption,
    now: Timestamp,
) -> Result<(), Failed> {
    for messages in messages.chunks(LARGEST_POST) {
        adopt_some(session, queue, messages, adoption, millis(now)).await?;
    }
    Ok(())
}

async fn adopt_some(
    session: &Session,
    queue: i64,
    messages: &[StoredMessage],
    adoption: Adoption,
    now: i64,
) -> Result<(), Failed> {
    let of = |read: &dyn Fn(&StoredMessage) -> i64| -> Vec<i64> { messages.iter().map(read).collect() };
    let ids: Vec<MessageId> = messages.iter().map(|own| own.message.id).collect();
    let uuids: Vec<Uuid> = ids.iter().map(|id| uuid_of_message(*id)).collect();
    let (positions, nonces): (Vec<i64>, Vec<i64>) = ids.iter().map(|id| halves(*id)).unzip();
    let ttls = of(&|own| i64::from(own.message.ttl.get()));
    let created = of(&|own| millis(own.message.created));
    let expires = of(&|own| millis(own.expires));
    let delays = of(&|own| millis(own.delayed_until));
    let counts = of(&|own| i64::from(own.message.claim_count));
    let letters: Vec<bool> = messages.iter().map(|own| own.is_letter).collect();
    let clients: Vec<Vec<u8>> = messages.iter().map(|own| client_bytes(&own.client)).collect();
    let checksums: Vec<Option<&[u8]>> =
        messages.iter().map(|own| own.message.checksum.as_ref().map(String::as_bytes)).collect();
    let bodies: Vec<&[u8]> = messages.iter().map(|own| &**own.message.body.as_bytes()).collect();
    let arrives = adoption == Adoption::Arrival;
    for clear in CLEAR {
        session.execute(clear, values![queue => INT8, uuids => UUID_ARRAY, now => INT8]).await?;
    }
    let values = values![
        queue => INT8, now => INT8, arrives => BOOL, uuids => UUID_ARRAY, positions => INT8_ARRAY,
        nonces => INT8_ARRAY, ttls => INT8_ARRAY, created => INT8_ARRAY, expires => INT8_ARRAY, delays => INT8_ARRAY,
        counts => INT8_ARRAY, letters => BOOL_ARRAY, clients => BYTEA_ARRAY, checksums => BYTEA_ARRAY,
        bodies => BYTEA_ARRAY,
    ];
    session.query(ADOPT, values).await.map(drop)
}
