//! Claims: those that wait go to the server in one statement with one commit.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;
use zaqar_model::{Destination, Message, MessageId, Timestamp, TtlSeconds};
use zaqar_storage::{ClaimRequest, Claimed, StorageError};

use crate::claims::held;
use crate::columns::{id_of, limit, message, message_columns, millis, number_of, uuid_of_claim};
use crate::connection::{Failed, Session, Waiting, Work, values};
use crate::fence::elsewhere;
use crate::store::Memory;

/// Claims whose clocks differ by more are not made together, in milliseconds.
const SAME_TIME: i64 = 10;

/// A claim that waits.
pub(crate) struct Claiming {
    pub(crate) from: Destination,
    pub(crate) request: ClaimRequest,
    pub(crate) now: Timestamp,
    pub(crate) memory: Arc<Memory>,
    /// What it got so far, by places.
    pub(crate) taken: BTreeMap<i64, Message>,
    pub(crate) dead_letters: BTreeMap<i64, MessageId>,
    /// It was looked whether this claim was made before.
    pub(crate) has_looked: bool,
}

/// `$1` to `$4` one each queue: number, how many for all claims together, the claims that are too many, now. `$5` to `$12` one
/// each claim: queue, which of the messages are for it, its id, now, when it ends, and how long and until when messages
/// live that would end before.
const CLAIM: &str = concat!(
    "
WITH turn AS MATERIALIZED (
  SELECT count(pg_advisory_xact_lock(hashtextextended(id::text, 0))) AS n
  FROM (SELECT DISTINCT id FROM unnest($8::uuid[]) AS t(id) ORDER BY id) t
), wanted AS MATERIALIZED (
  SELECT q.number AS queue, q.head, q.waiting_since, q.purged, w.many, w.most, w.now
  FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[]) AS w(queue, many, most, now)
  JOIN zaqar.queues q ON q.number = w.queue WHERE q.stage < 2 AND (SELECT n FROM turn) >= 0
), found AS MATERIALIZED (
  SELECT w.queue, w.many, w.most, c.* FROM wanted w CROSS JOIN LATERAL (
    (SELECT * FROM (SELECT position, claim_count, owed, expires FROM zaqar.messages m
      WHERE m.queue = w.queue AND state = 2 AND visible_at <= w.now AND visible_at >= w.waiting_since
        AND expires > w.now AND position > w.purged ORDER BY position LIMIT w.many FOR UPDATE SKIP LOCKED) due)
    UNION ALL
    (SELECT * FROM (SELECT position, claim_count, owed, expires FROM zaqar.messages m
      WHERE m.queue = w.queue AND state = 1 AND position > w.purged AND expires > w.now
      ORDER BY position LIMIT w.many FOR UPDATE SKIP LOCKED) returned)
    UNION ALL
    (SELECT * FROM (SELECT position, claim_count, owed, expires FROM zaqar.messages m
      WHERE m.queue = w.queue AND state = 0 AND position > w.head AND expires > w.now
      ORDER BY position LIMIT w.many FOR UPDATE SKIP LOCKED) ready)
  ) c
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY queue ORDER BY position) AS rank FROM found
), counted AS (
  SELECT queue, position, owed, expires, claim_count >= most AS dead,
    count(*) FILTER (WHERE claim_count < most) OVER (PARTITION BY queue ORDER BY position) AS nth
  FROM ranked WHERE rank <= many
), given AS MATERIALIZED (
  SELECT c.queue, c.position, c.owed, c.expires, c.dead, r.*
  FROM counted c JOIN unnest($5::int8[], $6::int8[], $7::int8[], $8::uuid[], $9::int8[], $10::int8[], $11::int8[], $12::int8[],
      $13::int8[]) AS r(of, above, upto, claim, now, until, longer, lives, ttl)
    ON r.of = c.queue AND CASE WHEN c.dead THEN c.nth >= r.above AND c.nth < r.upto
      ELSE c.nth > r.above AND c.nth <= r.upto END
), outlived AS (
  UPDATE zaqar.deliveries d SET expires = g.lives
  FROM (SELECT queue, position, lives FROM given WHERE owed AND NOT dead AND expires < until AND lives >= 0) g
  WHERE d.queue = g.queue AND d.position = g.position
)
UPDATE zaqar.messages m SET
  state = CASE WHEN g.dead THEN 3 ELSE 2 END,
  visible_at = CASE WHEN g.dead THEN m.visible_at ELSE g.until END,
  claim = CASE WHEN g.dead THEN NULL ELSE g.claim END,
  claim_renewed = g.now,
  claim_ttl = g.ttl,
  claim_count = m.claim_count + CASE WHEN g.dead THEN 0 ELSE 1 END,
  ttl = CASE WHEN NOT g.dead AND m.expires < g.until AND g.lives >= 0 THEN g.longer ELSE m.ttl END,
  expires = CASE WHEN NOT g.dead AND m.expires < g.until AND g.lives >= 0 THEN g.lives ELSE m.expires END
FROM given g WHERE m.queue = g.queue AND m.position = g.position
  AND (SELECT bool_and(CASE WHEN stage < 3 THEN true ELSE zaqar.refuse_moved() END) FROM zaqar.queues
    WHERE number = ANY($1::int8[]))
RETURNING g.claim AS taken_by, g.dead, ",
    message_columns!("g.now")
);

#[async_trait::async_trait]
impl Work for Claiming {
    type Answer = Claimed;
    const IS_WRITE: bool = true;
    const MOST: usize = 64;

    async fn perform(session: &Session, group: &mut [Waiting<Self>]) -> Result<(), Failed> {
        for waiting in group.iter_mut().filter(|own| own.work.request.is_repeated && !own.work.has_looked) {
            match made_before(session, &waiting.work).await {
                Ok(Some(claimed)) => waiting.answer(Ok(claimed)),
                Ok(None) => waiting.work.has_looked = true,
                Err(failed) if failed.is_moved() => waiting.answer(Err(StorageError::Moved)),
                Err(failed) => return Err(failed),
            }
        }
        loop {
            group.iter_mut().filter(|own| own.work.wanted() == 0).for_each(Waiting::finish);
            let round = next_round(group);
            if round.is_empty() {
                return Ok(());
            }
            match claim(session, group, &round).await {
                Err(failed) if failed.is_moved() => refuse(session, group).await?,
                claimed => claimed?,
            }
        }
    }
}

/// Answers those whose queues live elsewhere.
async fn refuse(session: &Session, group: &mut [Waiting<Claiming>]) -> Result<(), Failed> {
    let queues: Vec<i64> = group.iter().map(|own| number_of(&own.work.from)).collect();
    let elsewhere = elsewhere(session, &queues).await?;
    for waiting in group.iter_mut().filter(|own| elsewhere.contains(&number_of(&own.work.from))) {
        // What it took before the queue was sealed goes along.
        if waiting.work.taken.is_empty() && waiting.work.dead_letters.is_empty() {
            waiting.answer(Err(StorageError::Moved));
        } else {
            waiting.finish();
        }
    }
    Ok(())
}

impl Claiming {
    fn wanted(&self) -> i64 {
        limit(self.request.limit).saturating_sub(limit(self.taken.len()))
    }

    fn most(&self) -> i64 {
        self.request.dead_letters.map_or(i64::MAX, |policy| i64::from(policy.max_claim_count))
    }
}

impl Waiting<Claiming> {
    fn finish(&mut self) {
        let messages = std::mem::take(&mut self.work.taken).into_values().collect();
        let dead_letters = std::mem::take(&mut self.work.dead_letters).into_values().collect();
        self.answer(Ok(Claimed { messages, dead_letters }));
    }
}

/// What a claim took that was made before, once that has ended one way or the other: both hold a lock for the id.
async fn made_before(session: &Session, work: &Claiming) -> Result<Option<Claimed>, Failed> {
    let id = uuid_of_claim(work.request.id);
    let wait = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0))) t";
    session.query(wait, values![id => UUID]).await?;
    let claim = held(session, number_of(&work.from), work.request.id, work.now).await?;
    Ok(claim.map(|claim| Claimed { messages: claim.messages, dead_letters: Vec::new() }))
}

/// Claims that go into one statement: of each queue those with one policy, at about one time.
fn next_round(group: &[Waiting<Claiming>]) -> Vec<usize> {
    let mut policies: HashMap<i64, (i64, i64)> = HashMap::new();
    let mut round = Vec::new();
    for (at, waiting) in group.iter().enumerate().filter(|(_, waiting)| !waiting.is_answered()) {
        let (queue, own) = (number_of(&waiting.work.from), (waiting.work.most(), millis(waiting.work.now)));
        let other = *policies.entry(queue).or_insert(own);
        if other.0 == own.0 && (other.1 - own.1).abs() <= SAME_TIME {
            round.push(at);
        }
    }
    round
}

async fn claim(session: &Session, group: &mut [Waiting<Claiming>], round: &[usize]) -> Result<(), Failed> {
    let rows = take(session, group, round).await?;
    let places: HashMap<Uuid, usize> =
        round.iter().map(|at| (uuid_of_claim(group[*at].work.request.id), *at)).collect();
    let mut has_met_dead: Vec<usize> = Vec::new();
    for row in rows {
        let Some(&at) = places.get(&row.try_get("taken_by")?) else { continue };
        let (work, position): (_, i64) = (&mut group[at].work, row.try_get("position")?);
        if row.try_get("dead")? {
            work.dead_letters.insert(position, id_of(&row)?);
            has_met_dead.push(at);
        } else {
            work.taken.insert(position, message(&row)?);
        }
    }
    for &at in round {
        group[at].work.memory.claimed_from.lock().insert(number_of(&group[at].work.from));
        // One that met dead letters goes on behind them.
        if !has_met_dead.contains(&at) {
            group[at].finish();
        }
    }
    Ok(())
}

async fn take(session: &Session, group: &[Waiting<Claiming>], round: &[usize]) -> Result<Vec<Row>, Failed> {
    let (mut queues, mut many, mut most, mut nows): (Vec<i64>, Vec<i64>, Vec<i64>, Vec<i64>) =
        Default::default();
    let (mut of, mut above, mut upto, mut claims) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut times, mut until, mut longer, mut lives, mut ttls) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for &at in round {
        let Claiming { from, request, now, .. } = &group[at].work;
        let queue = number_of(from);
        let place = queues.iter().position(|other| *other == queue).unwrap_or_else(|| {
            queues.push(queue);
            many.push(0);
            most.push(group[at].work.most());
            nows.push(millis(*now));
            queues.len() - 1
        });
        nows[place] = nows[place].min(millis(*now));
        of.push(queue);
        above.push(many[place]);
        many[place] = many[place].saturating_add(group[at].work.wanted());
        upto.push(many[place]);
        claims.push(uuid_of_claim(request.id));
        times.push(millis(*now));
        until.push(millis(request.terms.ttl.after(*now)));
        let (ttl, alive) = outliving(request, *now);
        longer.push(i64::from(ttl.get()));
        lives.push(if request.outlives { millis(alive) } else { -1 });
        ttls.push(i64::from(request.terms.ttl.get()));
    }
    let values = values![
        queues => INT8_ARRAY, many => INT8_ARRAY, most => INT8_ARRAY, nows => INT8_ARRAY, of => INT8_ARRAY,
        above => INT8_ARRAY, upto => INT8_ARRAY, claims => UUID_ARRAY, times => INT8_ARRAY, until => INT8_ARRAY,
        longer => INT8_ARRAY, lives => INT8_ARRAY, ttls => INT8_ARRAY,
    ];
    session.query(CLAIM, values).await
}

/// How long and until when a message lives that would expire before its claim.
fn outliving(request: &ClaimRequest, now: Timestamp) -> (TtlSeconds, Timestamp) {
    let ttl = TtlSeconds::new(request.terms.ttl.get().saturating_add(request.terms.grace.get()));
    (ttl, ttl.after(now))
}

impl Claiming {
    pub(crate) fn new(
        from: &Destination,
        request: &ClaimRequest,
        now: Timestamp,
        memory: &Arc<Memory>,
    ) -> Self {
        Self {
            from: from.clone(),
            request: *request,
            now,
            memory: Arc::clone(memory),
            taken: BTreeMap::new(),
            dead_letters: BTreeMap::new(),
            has_looked: false,
        }
    }
}
