//! Subscriptions to queues and topics.

use redis::Value;
use zaqar_model::{
    Destination, Excerpt, Metadata, Page, PageRequest, Subscription, SubscriptionId, SubscriptionTtl,
    Suspension, Timestamp,
};
use zaqar_storage::{StorageError, StorageResult, SubscriptionChange, Subscriptions};

use crate::RedisMessageStore;
use crate::accounts::write_text;
use crate::calls::Call;
use crate::connection::{Reply, damaged};
use crate::fields::Fields;
use crate::keys::{self, QueueKeys};
use crate::records::{destination_bytes, millis, timestamp};
use crate::scripts;

const CONFIRMED: u8 = 1;
const DECLINED: u8 = 2;
const NOTIFIED: u8 = 4;
const SUSPENDED: u8 = 8;

/// What `update.lua` answers if it is to be asked again.
const MORE_TO_SETTLE: i64 = 4;
/// How often a change is tried that others get before.
const TRIES: usize = 20;
/// So many records are asked for at a time.
const SOME: usize = 200;

/// What is forgotten of a subscription.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Forgotten {
    /// What it is owed.
    Owed,
    /// Everything.
    All,
    /// Everything, if its time is over.
    Ended,
}

impl Forgotten {
    const fn name(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::All => "all",
            Self::Ended => "ended",
        }
    }
}

pub(crate) fn record(own: &Subscription) -> Vec<u8> {
    let flag = |flag: u8, is_set: bool| if is_set { flag } else { 0 };
    let mut bytes = vec![
        flag(CONFIRMED, own.confirmed)
            | flag(DECLINED, own.declined)
            | flag(NOTIFIED, own.notified)
            | flag(SUSPENDED, own.suspended.is_some()),
    ];
    bytes.extend(own.ttl.get().to_le_bytes());
    bytes.extend(millis(own.renewed).to_le_bytes());
    bytes.extend(own.suspended.as_ref().map_or(0, |suspension| millis(suspension.since)).to_le_bytes());
    write_text(
        &mut bytes,
        own.suspended.as_ref().map(|suspension| suspension.reason.as_str()).unwrap_or_default(),
    );
    write_text(&mut bytes, &own.subscriber);
    write_text(&mut bytes, &own.options.clone().into_value().to_string());
    bytes
}

pub(crate) fn subscription(
    source: &Destination,
    id: SubscriptionId,
    record: &[u8],
) -> StorageResult<Subscription> {
    let mut fields = Fields(record);
    let flags = fields.u8()?;
    let mut number = || fields.take().map(u64::from_le_bytes);
    let (ttl, renewed, since) = (number()?, number()?, number()?);
    let (reason, subscriber, options) = (fields.text()?, fields.text()?, fields.text()?);
    let options = serde_json::from_str(&options).map_err(|_| damaged())?;
    let suspension = Suspension { since: timestamp(since), reason: Excerpt::new(&reason) };
    Ok(Subscription {
        id,
        source: source.clone(),
        subscriber,
        ttl: SubscriptionTtl::new(ttl),
        renewed: timestamp(renewed),
        options: Metadata::from_value(options).ok_or_else(damaged)?,
        confirmed: flags & CONFIRMED != 0,
        declined: flags & DECLINED != 0,
        notified: flags & NOTIFIED != 0,
        suspended: (flags & SUSPENDED != 0).then_some(suspension),
    })
}

pub(crate) fn id_of(value: Value) -> StorageResult<SubscriptionId> {
    let bytes = value.bytes()?;
    let bytes: [u8; 16] = bytes.as_ref().try_into().map_err(|_| damaged())?;
    Ok(SubscriptionId::from_u128(u128::from_be_bytes(bytes)))
}

/// What the scripts look at of a subscription.
pub(crate) fn with_flags(call: Call, own: &Subscription) -> Call {
    call.arg(millis(own.ttl.after(own.renewed)))
        .arg(u8::from(own.notified))
        .arg(u8::from(own.respects_delay()))
        .arg(u8::from(own.suspended.is_some()))
}

impl RedisMessageStore {
    /// The records of subscriptions that are alive, in the order of `ids`.
    async fn records(
        &self,
        source: &Destination,
        ids: &[SubscriptionId],
        now: Timestamp,
    ) -> StorageResult<Vec<Subscription>> {
        let queue = self.keys(source);
        let keys = ids.iter().map(|id| queue.subscription(*id));
        let (end, answers) = self.read_fenced(&queue, keys, &[b"HMGET", b"ends", b"record"]).await?;
        // Of a queue that was dropped it is no number.
        if end.int().is_err() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (id, answer) in ids.iter().zip(answers) {
            let mut parts = answer.list()?;
            if let (Some(ends), Some(record)) = (parts.next(), parts.next())
                && !record.is_nothing()
                && millis(now) < ends.number()?
            {
                found.push(subscription(source, *id, &record.bytes()?)?);
            }
        }
        Ok(found)
    }

    pub(crate) async fn forget_some(
        &self,
        queue: &QueueKeys,
        id: SubscriptionId,
        what: Forgotten,
        now: Timestamp,
    ) -> StorageResult<()> {
        let forget = || Call::on_subscription(&scripts::FORGET, queue, id, now).arg(what.name());
        while self.write(forget()).await?.int()? == 1 {}
        Ok(())
    }

    async fn try_update(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: &SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<Option<bool>> {
        let found = self.records(source, &[id], now).await?.pop();
        let Some(seen) =
            found.filter(|own| change.if_subscriber.as_ref().is_none_or(|seen| *seen == own.subscriber))
        else {
            return Ok(Some(false));
        };
        let (own, resumes) = changed(&seen, change, now);
        let queue = self.keys(source);
        let update = || {
            let call = Call::on_subscription(&scripts::UPDATE, &queue, id, now)
                .arg(record(&seen))
                .arg(record(&own))
                .arg(&seen.subscriber)
                .arg(&own.subscriber);
            with_flags(call, &own).arg(u8::from(resumes))
        };
        let mut updated = self.write(update()).await;
        while matches!(updated, Ok(Value::Int(MORE_TO_SETTLE))) {
            updated = self.write(update()).await;
        }
        let answer = match updated {
            // It was done if it is so now; otherwise it is done to what was seen, or not at all.
            Err(StorageError::OutcomeUnknown(_)) => {
                if self.records(source, &[id], now).await?.pop().as_ref() != Some(&own) {
                    return Ok(None);
                }
                Value::Int(0)
            }
            answer => answer?,
        };
        match answer {
            Value::Int(0) => {
                if !own.notified {
                    self.forget_some(&queue, id, Forgotten::Owed, now).await?;
                }
                self.hints.due(&queue.shard);
                Ok(Some(true))
            }
            Value::Int(1) => Err(StorageError::Conflict("the subscriber has another subscription")),
            Value::Int(2) => Ok(None),
            _ => self.forget_some(&queue, id, Forgotten::Owed, now).await.map(|()| None),
        }
    }
}

/// A subscription after a change, and whether that lifts what holds it back.
fn changed(seen: &Subscription, change: &SubscriptionChange, now: Timestamp) -> (Subscription, bool) {
    let mut own = seen.clone();
    let mut resumes = false;
    if let Some(subscriber) = &change.subscriber {
        resumes = own.subscriber != *subscriber;
        own.subscriber.clone_from(subscriber);
    }
    if let Some(ttl) = change.ttl {
        (own.ttl, own.renewed) = (ttl, now);
    }
    if let Some(options) = &change.options {
        own.options.clone_from(options);
    }
    own.confirmed = change.confirmed.unwrap_or(own.confirmed);
    own.declined = change.declined.unwrap_or(own.declined);
    own.notified = change.notified.unwrap_or(own.notified);
    if let Some(suspended) = &change.suspended {
        resumes |= own.suspended.is_some() && suspended.is_none();
        own.suspended.clone_from(suspended);
    }
    (own, resumes)
}

#[async_trait::async_trait]
impl Subscriptions for RedisMessageStore {
    async fn subscribe(&self, own: Subscription, now: Timestamp) -> StorageResult<()> {
        let queue = self.keys(&own.source);
        loop {
            let call = Call::on_subscription(&scripts::SUBSCRIBE, &queue, own.id, now)
                .arg(destination_bytes(&own.source))
                .arg(record(&own))
                .arg(&own.subscriber);
            match self.write(with_flags(call, &own)).await? {
                Value::Int(0) => return Ok(()),
                Value::Int(1) => {
                    return Err(StorageError::Conflict("the subscriber has a subscription already"));
                }
                Value::Int(2) => return Err(StorageError::NotFound("destination")),
                _ => self.forget_some(&queue, own.id, Forgotten::Ended, now).await?,
            }
        }
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        Ok(self.records(source, &[id], now).await?.pop())
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let queue = self.keys(source);
        let find = [&b"HGET"[..], subscriber.as_bytes()];
        let (_, mut found) = self.read_fenced(&queue, [queue.name(keys::SUBSCRIBERS)], &find).await?;
        let found = found.next().unwrap_or(Value::Nil).bytes()?;
        let Some(id) = found.get(8..) else { return Ok(None) };
        let id = id_of(Value::BulkString(id.to_vec()))?;
        let own = self.records(source, &[id], now).await?.pop();
        Ok(own.filter(|own| own.subscriber == subscriber))
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        let queue = self.keys(source);
        let (mut items, mut marker) = (Vec::new(), page.marker);
        while items.len() < page.limit {
            let behind = marker.map_or_else(
                || b"-".to_vec(),
                |id| b"(".iter().copied().chain(id.as_u128().to_be_bytes()).collect(),
            );
            let some = SOME.min(page.limit - items.len()).to_string();
            let next: [&[u8]; 6] = [b"ZRANGEBYLEX", &behind, b"+", b"LIMIT", b"0", some.as_bytes()];
            let (_, mut ids) = self.read_fenced(&queue, [queue.name(keys::SUBSCRIPTIONS)], &next).await?;
            let ids = ids.next().unwrap_or(Value::Nil).list()?;
            let ids: Vec<SubscriptionId> = ids.map(id_of).collect::<StorageResult<_>>()?;
            let Some(last) = ids.last() else { break };
            marker = Some(*last);
            items.extend(self.records(source, &ids, now).await?);
        }
        Ok(Page { next: items.last().map(|own| own.id), items })
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        for _ in 0..TRIES {
            if let Some(is_changed) = self.try_update(source, id, &change, now).await? {
                return Ok(is_changed);
            }
        }
        Err(StorageError::unavailable("the subscription is changed all the time"))
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        let queue = self.keys(source);
        self.forget_some(&queue, id, Forgotten::All, Timestamp::default()).await
    }
}
