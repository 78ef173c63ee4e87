//! Posts: those that wait go to the server in one statement with one commit.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;
use zaqar_model::{BatchId, Destination, MessageId, NewMessage, Timestamp};

use crate::columns::{message_id, millis, nonce, number_of, uuid_of_batch};
use crate::connection::{Failed, Session, Waiting, Work, values};
use crate::fence::{DROPPED, admit};
use crate::hints::Hints;
use crate::store::know_queues;

/// The bodies of one statement are not more than so many bytes, unless one post is.
const MOST_BYTES: usize = 4 << 20;

/// A post that waits.
pub(crate) struct Posting {
    pub(crate) to: Destination,
    pub(crate) batch: BatchId,
    pub(crate) client: Vec<u8>,
    pub(crate) messages: Vec<NewMessage>,
    pub(crate) now: Timestamp,
    pub(crate) hints: Arc<Hints>,
}

/// Positions are drawn under the locks of the queues, so that none becomes visible before an earlier one. A batch that is on
/// record already fails it: that is rare, and looking for each one before would cost more than putting it in.
const POST: &str = "
WITH locked AS MATERIALIZED (
  SELECT number, base, subscribed FROM zaqar.queues
  WHERE number = ANY($1::int8[]) AND stage < 2 ORDER BY number FOR NO KEY UPDATE
), fresh AS (
  INSERT INTO zaqar.batches (batch, queue, first, last, at)
  SELECT batch, number, first, first + count - 1, at FROM (
    SELECT batch, number, count, at, (base + nextval('zaqar.posts')) << 16 AS first FROM (
      SELECT b.batch, l.number, l.base, b.count, b.at
      FROM unnest($2::uuid[], $1::int8[], $3::int8[], $4::int8[]) WITH ORDINALITY AS b(batch, queue, count, at, nth)
      JOIN locked l ON l.number = b.queue ORDER BY b.nth) ordered) drawn
  RETURNING batch, queue, first, at
), posted AS (
  INSERT INTO zaqar.messages
    (queue, position, nonce, created, expires, delayed_until, visible_at, ttl, state, owed, kept, client, checksum,
     body)
  SELECT f.queue, f.first + i.place, i.nonce, f.at, i.expires, i.delayed_until, i.delayed_until, i.ttl,
    CASE WHEN i.delayed_until > f.at THEN 2 ELSE 0 END, l.subscribed, l.subscribed, i.client, i.checksum, i.body
  FROM unnest($5::int4[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], $10::int8[], $11::bytea[], $12::bytea[],
      $13::bytea[]) AS i(nth, place, nonce, ttl, expires, delayed_until, checksum, client, body)
  JOIN fresh f ON f.batch = ($2::uuid[])[i.nth] AND f.queue = ($1::int8[])[i.nth]
  JOIN locked l ON l.number = f.queue
), owing AS (
  INSERT INTO zaqar.owing SELECT number FROM locked l
  WHERE subscribed AND EXISTS (SELECT 1 FROM fresh f WHERE f.queue = l.number) ORDER BY number ON CONFLICT DO NOTHING
)
SELECT f.batch, f.queue, f.first, l.subscribed FROM fresh f JOIN locked l ON l.number = f.queue";

#[async_trait::async_trait]
impl Work for Posting {
    type Answer = Vec<MessageId>;
    const IS_WRITE: bool = true;
    const MOST: usize = 256;

    async fn perform(session: &Session, group: &mut [Waiting<Self>]) -> Result<(), Failed> {
        loop {
            let round = next_round(group);
            if round.is_empty() {
                return Ok(());
            }
            post(session, group, &round).await?;
        }
    }
}

/// Posts that go into one statement: each batch of a queue once.
fn next_round(group: &[Waiting<Posting>]) -> Vec<usize> {
    let (mut round, mut batches, mut bytes) = (Vec::new(), HashSet::new(), 0);
    for (at, waiting) in group.iter().enumerate().filter(|(_, waiting)| !waiting.is_answered()) {
        let size: usize = waiting.work.messages.iter().map(|message| message.body.as_bytes().len()).sum();
        if !round.is_empty() && bytes + size > MOST_BYTES {
            break;
        }
        if batches.insert((waiting.work.batch, waiting.work.to.number)) {
            bytes += size;
            round.push(at);
        }
    }
    round
}

async fn post(session: &Session, group: &mut [Waiting<Posting>], round: &[usize]) -> Result<(), Failed> {
    let rows = match insert(session, group, round).await {
        Err(failed) if failed.violates("batches_pkey") => Vec::new(),
        rows => rows?,
    };
    let mut placed = Vec::new();
    for row in rows {
        let (batch, queue): (Uuid, i64) = (row.try_get(0)?, row.try_get(1)?);
        placed.push((batch, queue, row.try_get::<_, i64>(2)?, row.try_get::<_, bool>(3)?));
    }
    let mut left = Vec::new();
    for &at in round {
        let key = group[at].work.key();
        match placed.iter().find(|(batch, queue, ..)| (*batch, *queue) == key) {
            Some(&(_, queue, first, is_owed)) => {
                let hints = Arc::clone(&group[at].work.hints);
                group[at].answer(Ok(ids(&group[at].work, first)));
                hints.arrived(queue);
                if is_owed {
                    hints.due();
                }
            }
            None => left.push(at),
        }
    }
    if left.is_empty() { Ok(()) } else { explain(session, group, &left).await }
}

async fn insert(
    session: &Session,
    group: &[Waiting<Posting>],
    round: &[usize],
) -> Result<Vec<tokio_postgres::Row>, Failed> {
    let posts: Vec<&Posting> = round.iter().map(|at| &group[*at].work).collect();
    let queues: Vec<i64> = posts.iter().map(|post| number_of(&post.to)).collect();
    let batches: Vec<Uuid> = posts.iter().map(|post| uuid_of_batch(post.batch)).collect();
    let counts: Vec<i64> =
        posts.iter().map(|post| i64::try_from(post.messages.len()).unwrap_or(i64::MAX)).collect();
    let times: Vec<i64> = posts.iter().map(|post| millis(post.now)).collect();
    let (mut nths, mut places, mut nonces) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ttls, mut expires, mut delays) = (Vec::new(), Vec::new(), Vec::new());
    let mut checksums: Vec<Option<&[u8]>> = Vec::new();
    let (mut clients, mut bodies): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for (nth, post) in (1_i32..).zip(&posts) {
        for (place, message) in (0_u64..).zip(&post.messages) {
            nths.push(nth);
            places.push(place.cast_signed());
            nonces.push(nonce(number_of(&post.to), post.batch, place));
            ttls.push(i64::from(message.ttl.get()));
            expires.push(millis(message.ttl.after(post.now)));
            delays.push(millis(message.delay.after(post.now)));
            checksums.push(message.checksum.as_ref().map(String::as_bytes));
            clients.push(&post.client);
            bodies.push(message.body.as_bytes());
        }
    }
    let values = values![
        queues => INT8_ARRAY, batches => UUID_ARRAY, counts => INT8_ARRAY, times => INT8_ARRAY,
        nths => INT4_ARRAY, places => INT8_ARRAY, nonces => INT8_ARRAY, ttls => INT8_ARRAY,
        expires => INT8_ARRAY, delays => INT8_ARRAY, checksums => BYTEA_ARRAY, clients => BYTEA_ARRAY,
        bodies => BYTEA_ARRAY,
    ];
    session.query(POST, values).await
}

/// Says of posts that have put nothing in whether they were made before; queues that nobody has heard of are made, so that the
/// next round finds them.
async fn explain(session: &Session, group: &mut [Waiting<Posting>], left: &[usize]) -> Result<(), Failed> {
    let batches: Vec<Uuid> = left.iter().map(|at| uuid_of_batch(group[*at].work.batch)).collect();
    let queues: Vec<i64> = left.iter().map(|at| number_of(&group[*at].work.to)).collect();
    let refusing = "SELECT number, stage FROM zaqar.queues WHERE number = ANY($1::int8[]) AND stage > 1";
    let refusing = session.query(refusing, values![queues => INT8_ARRAY]).await?;
    let refuse = |group: &mut [Waiting<Posting>], of: fn(i16) -> bool| -> Result<(), Failed> {
        for row in &refusing {
            let (number, stage): (i64, i16) = (row.try_get(0)?, row.try_get(1)?);
            for &at in left.iter().filter(|_| of(stage)) {
                if number_of(&group[at].work.to) == number
                    && let Err(refused) = admit(stage)
                {
                    group[at].answer(Err(refused));
                }
            }
        }
        Ok(())
    };
    refuse(group, |stage| stage > DROPPED)?;
    let known =
        "SELECT b.batch, b.queue, b.first, b.ids FROM unnest($1::uuid[], $2::int8[]) AS a(batch, queue)
        JOIN zaqar.batches b ON b.batch = a.batch AND b.queue = a.queue";
    for row in session.query(known, values![batches => UUID_ARRAY, queues => INT8_ARRAY]).await? {
        let key: (Uuid, i64) = (row.try_get(0)?, row.try_get(1)?);
        let (first, known): (i64, Option<Vec<Uuid>>) = (row.try_get(2)?, row.try_get(3)?);
        let known = known.map(|ids| ids.iter().map(|id| MessageId::from_u128(id.as_u128())).collect());
        for &at in left.iter().filter(|at| group[**at].work.key() == key).collect::<Vec<_>>() {
            let posted = known.clone().unwrap_or_else(|| ids(&group[at].work, first));
            group[at].answer(Ok(posted));
        }
    }
    refuse(group, |stage| stage == DROPPED)?;
    let unheard: Vec<Destination> =
        left.iter().filter(|at| !group[**at].is_answered()).map(|at| group[*at].work.to.clone()).collect();
    if unheard.is_empty() {
        return Ok(());
    }
    know_queues(session, &unheard.iter().collect::<Vec<_>>()).await
}

impl Posting {
    fn key(&self) -> (Uuid, i64) {
        (uuid_of_batch(self.batch), number_of(&self.to))
    }
}

fn ids(post: &Posting, first: i64) -> Vec<MessageId> {
    let queue = number_of(&post.to);
    (0_u64..)
        .zip(&post.messages)
        .map(|(place, _)| message_id(first + place.cast_signed(), nonce(queue, post.batch, place)))
        .collect()
}
