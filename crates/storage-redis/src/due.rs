//! Which subscriptions have something due, and when.

use std::collections::{BTreeMap, BTreeSet};

use redis::{Value, cmd};
use zaqar_model::{SubscriptionId, Timestamp};
use zaqar_storage::{Due, StorageResult, SubscriptionKey, SubscriptionShare};

use crate::RedisMessageStore;
use crate::calls::{Call, plain};
use crate::connection::{Effect, Reply, Request};
use crate::keys::{self, QueueKeys, ShardKeys};
use crate::records::{destination, limit, millis, timestamp};
use crate::scripts;

/// Of those that are due later, so many are looked at: what is under lease may put one off.
const SOME_LATER: usize = 8;

/// A subscription that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    tag: String,
    queue: String,
    id: u128,
}

/// When a subscription has something due, and when it was last leased from.
struct Found {
    due: u64,
    turn: u64,
    key: SubscriptionKey,
}

impl RedisMessageStore {
    pub(crate) async fn look_for_due(
        &self,
        share: SubscriptionShare,
        most: usize,
        now: Timestamp,
    ) -> StorageResult<Due> {
        let (mut members, later) = self.noted(now).await?;
        let mut found = self.look_at(std::mem::take(&mut members), share, now).await?;
        found.retain(|own| own.due < u64::MAX);
        if !found.iter().any(|own| own.due <= millis(now)) {
            // Each is due then or later.
            let mut soonest = found.iter().map(|own| own.due).min().unwrap_or(u64::MAX);
            for (at, member) in later.into_iter().take(SOME_LATER) {
                if at >= soonest {
                    break;
                }
                let own = self.look_at(BTreeSet::from([member]), share, now).await?;
                soonest = own.iter().map(|own| own.due).min().unwrap_or(u64::MAX).min(soonest);
            }
            let is_nothing = soonest == u64::MAX || timestamp(soonest) == Timestamp::NEVER;
            return Ok(if is_nothing { Due::Nothing } else { Due::At(timestamp(soonest)) });
        }
        found.retain(|own| own.due <= millis(now));
        found.sort_by(|one, other| (one.turn, one.due, &one.key).cmp(&(other.turn, other.due, &other.key)));
        Ok(Due::Now(found.into_iter().take(most).map(|own| own.key).collect()))
    }

    /// The subscriptions that are to be looked at, and the next ones with their times. Shards in which nothing is due cost one
    /// short question.
    async fn noted(&self, now: Timestamp) -> StorageResult<(BTreeSet<Member>, Vec<(u64, Member)>)> {
        let first = |shard: &ShardKeys| {
            let mut first = cmd("ZRANGE");
            first.arg(shard.name(keys::DUE)).arg(0).arg(0).arg("WITHSCORES");
            first
        };
        let (mut with_due, mut later) = (Vec::new(), Vec::new());
        for (shard, answer) in self.ask_shards(first).await? {
            let noted = with_times(&shard, answer)?;
            if noted.iter().any(|(at, _)| *at <= millis(now)) {
                with_due.push(shard);
            } else {
                later.extend(noted);
            }
        }
        let mut requests: Vec<Request> = Vec::new();
        for shard in &with_due {
            let (mut due, mut next) = (cmd("ZRANGEBYSCORE"), cmd("ZRANGEBYSCORE"));
            due.arg(shard.name(keys::DUE)).arg("-inf").arg(millis(now)).arg("WITHSCORES");
            next.arg(shard.name(keys::DUE)).arg(format!("({}", millis(now))).arg("+inf");
            next.arg("WITHSCORES").arg("LIMIT").arg(0).arg(2);
            requests.extend([plain(shard, due), plain(shard, next)]);
        }
        let mut answers = self.ask_all(&requests, Effect::Read).await?.into_iter();
        let mut members = BTreeSet::new();
        for shard in &with_due {
            for (_, noted) in with_times(shard, answers.next().unwrap_or(Value::Nil))? {
                match noted {
                    Noted::Queue(queue) => members.extend(self.expand(&queue).await?),
                    Noted::Subscription(own) => drop(members.insert(own)),
                }
            }
            later.extend(with_times(shard, answers.next().unwrap_or(Value::Nil))?);
        }
        let later = later.into_iter().filter_map(|(at, noted)| match noted {
            Noted::Subscription(own) => Some((at, own)),
            Noted::Queue(_) => None,
        });
        let mut later: Vec<_> = later.collect();
        later.sort_unstable();
        Ok((members, later))
    }

    /// The subscriptions of a queue that something was posted to.
    async fn expand(&self, queue: &QueueKeys) -> StorageResult<Vec<Member>> {
        let mut own = cmd("ZRANGE");
        own.arg(queue.name("o")).arg(0).arg(-1);
        // It only notes, and may do so again.
        let expand = Call::on_queue(&scripts::EXPAND, queue, &[], Timestamp::default());
        let answers = self.ask_all(&[expand.into(), plain(&queue.shard, own)], Effect::Read).await?;
        let mut members = Vec::new();
        for id in answers.into_iter().nth(1).unwrap_or(Value::Nil).list()? {
            let id = crate::subscriptions::id_of(id)?.as_u128();
            members.push(Member { tag: queue.shard.tag.clone(), queue: queue.number.clone(), id });
        }
        Ok(members)
    }

    async fn look_at(
        &self,
        members: BTreeSet<Member>,
        share: SubscriptionShare,
        now: Timestamp,
    ) -> StorageResult<Vec<Found>> {
        let mut found = Vec::new();
        let mut left: Vec<Member> = members.into_iter().collect();
        while !left.is_empty() {
            let look = |member: &Member| {
                let shard = ShardKeys { tag: member.tag.clone() };
                let id = SubscriptionId::from_u128(member.id);
                Call::on_subscription(&scripts::DUE, &QueueKeys::named(&shard, &member.queue), id, now)
                    .arg(limit(share.first_attempts))
                    .arg(limit(share.retries))
                    .into()
            };
            let requests: Vec<Request> = left.iter().map(look).collect();
            // It notes what time has changed, and may do so again.
            let answers = self.ask_all(&requests, Effect::Read).await?;
            let mut again = BTreeMap::new();
            for (member, answer) in left.into_iter().zip(answers) {
                let mut parts = answer.list()?;
                if parts.next().unwrap_or(Value::Nil).int()? == 1 {
                    again.insert(member, ());
                } else if let (Some(due), Some(turn), Some(source)) =
                    (parts.next(), parts.next(), parts.next())
                {
                    let id = SubscriptionId::from_u128(member.id);
                    let key = SubscriptionKey { source: destination(&source.bytes()?)?, id };
                    found.push(Found { due: due.number()?, turn: turn.number()?, key });
                }
            }
            left = again.into_keys().collect();
        }
        Ok(found)
    }
}

enum Noted {
    Queue(QueueKeys),
    Subscription(Member),
}

/// What a shard has noted, with the times.
fn with_times(shard: &ShardKeys, answer: Value) -> StorageResult<Vec<(u64, Noted)>> {
    let mut parts = answer.list()?;
    let mut noted = Vec::new();
    while let (Some(own), Some(at)) = (parts.next(), parts.next()) {
        noted.push((at.number()?, member(shard, own)?));
    }
    Ok(noted)
}

/// The number of a queue, with the id of a subscription if it is about one.
fn member(shard: &ShardKeys, noted: Value) -> StorageResult<Noted> {
    let text = String::from_utf8_lossy(&noted.bytes()?).into_owned();
    let (queue, id) = text.split_at_checked(16).ok_or_else(crate::connection::damaged)?;
    if id.is_empty() {
        return Ok(Noted::Queue(QueueKeys::named(shard, queue)));
    }
    let id = u128::from_str_radix(id, 16).map_err(|_| crate::connection::damaged())?;
    Ok(Noted::Subscription(Member { tag: shard.tag.clone(), queue: queue.to_owned(), id }))
}
