//! Subscriptions to queues and topics.

use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;
use zaqar_model::{
    Destination, Excerpt, Metadata, Page, PageRequest, Subscription, SubscriptionId, SubscriptionTtl,
    Suspension, Timestamp,
};
use zaqar_storage::{StorageError, StorageResult, SubscriptionChange, Subscriptions};

use crate::PostgresMessageStore;
use crate::columns::{limit, millis, number_of, text, timestamp, uuid_of_subscription};
use crate::connection::{Failed, Session, values};
use crate::due;
use crate::fence::lock_queue;

/// The columns that [`subscription`] reads.
macro_rules! subscription_columns {
    () => {
        "s.id, s.subscriber, s.ttl, s.renewed, s.options, s.confirmed, s.declined, s.notified, s.suspended_since, \
         s.suspended_reason"
    };
}
pub(crate) use subscription_columns;

/// Of a source that was not dropped, and alive at `$2`.
macro_rules! select_live {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            subscription_columns!(),
            " FROM zaqar.subscriptions s WHERE s.queue = $1::int8 AND s.ends > $2::int8 AND ",
            crate::fence::lives_here!("$1::int8"),
            " ",
            $rest
        )
    };
}

const BY_ID: &str = select_live!("AND s.id = $3::uuid");
const BY_SUBSCRIBER: &str = select_live!("AND sha256(s.subscriber) = sha256($3::bytea)");
const LIST: &str = select_live!("AND ($3::uuid IS NULL OR s.id > $3::uuid) ORDER BY s.id LIMIT $4::int8");

/// It begins at the end of its queue, whose row is locked.
const INSERT: &str = concat!(
    "INSERT INTO zaqar.subscriptions (queue, id, subscriber, ttl, renewed, ends, options, respects_delay, confirmed,
      declined, notified, suspended_since, suspended_reason, exported, reached)
    SELECT q.number, $2::uuid, $3::bytea, $4::int8, $5::int8, $6::int8, $7::bytea, $8::bool, $9::bool, $10::bool,
      $11::bool, $12::int8, $13::bytea, q.stage = 1, ",
    crate::listing::end_of!("q"),
    " FROM zaqar.queues q WHERE q.number = $1::int8"
);

/// One that is to be notified from now on begins at the end of its queue.
const UPDATE: &str = concat!(
    "UPDATE zaqar.subscriptions s SET subscriber = $3::bytea, ttl = $4::int8, renewed = $5::int8, ends = $6::int8,
      options = $7::bytea, respects_delay = $8::bool, confirmed = $9::bool, declined = $10::bool, notified = $11::bool,
      suspended_since = $12::int8, suspended_reason = $13::bytea,
      reached = CASE WHEN $11::bool AND NOT s.notified THEN ",
    crate::listing::end_of!("q"),
    " ELSE s.reached END,
      paused_until = CASE WHEN $14::bool OR NOT $11::bool THEN 0 ELSE s.paused_until END,
      retries_paused_until = CASE WHEN $14::bool OR NOT $11::bool THEN 0 ELSE s.retries_paused_until END
    FROM zaqar.queues q WHERE q.number = $1::int8 AND s.queue = q.number AND s.id = $2::uuid"
);

/// What waits is due at once, but for delays that are respected.
const HASTEN: &str = "
UPDATE zaqar.deliveries d SET due_at = least(d.due_at,
  CASE WHEN $3::bool THEN coalesce((SELECT least(m.delayed_until, m.expires) FROM zaqar.messages m
    WHERE m.queue = d.queue AND m.position = d.position), 0) ELSE 0 END)
WHERE d.queue = $1::int8 AND d.subscription = $2::uuid AND d.state = 0 AND NOT d.late";

const UNSUBSCRIBE: &str = concat!(
    "DELETE FROM zaqar.subscriptions WHERE queue = $1::int8 AND id = $2::uuid AND ",
    crate::fence::lives_here!("$1::int8")
);

/// What is forgotten with a subscription.
pub(crate) const FORGET: [&str; 2] = [
    "DELETE FROM zaqar.deliveries WHERE queue = $1::int8 AND subscription = ANY($2::uuid[])",
    "DELETE FROM zaqar.attempts WHERE queue = $1::int8 AND subscription = ANY($2::uuid[])",
];

/// A subscription from its columns.
pub(crate) fn subscription(row: &Row, source: &Destination) -> Result<Subscription, Failed> {
    let damaged = || Failed::Contract(StorageError::driver("a row of the table subscriptions is damaged"));
    let (id, subscriber): (Uuid, &[u8]) = (row.try_get("id")?, row.try_get("subscriber")?);
    let (ttl, options): (i64, &[u8]) = (row.try_get("ttl")?, row.try_get("options")?);
    let options = serde_json::from_slice(options).map_err(|_| damaged())?;
    let since: Option<i64> = row.try_get("suspended_since")?;
    let reason: Option<&[u8]> = row.try_get("suspended_reason")?;
    Ok(Subscription {
        id: SubscriptionId::from_u128(id.as_u128()),
        source: source.clone(),
        subscriber: text(subscriber),
        ttl: SubscriptionTtl::new(ttl.cast_unsigned()),
        renewed: timestamp(row.try_get("renewed")?),
        options: Metadata::from_value(options).ok_or_else(damaged)?,
        confirmed: row.try_get("confirmed")?,
        declined: row.try_get("declined")?,
        notified: row.try_get("notified")?,
        suspended: since.map(|since| Suspension {
            since: timestamp(since),
            reason: Excerpt::new(&reason.map(text).unwrap_or_default()),
        }),
    })
}

/// Puts a subscription into its row; `resumes` lifts what holds it back.
pub(crate) async fn put(
    session: &Session,
    statement: &'static str,
    own: &Subscription,
    resumes: Option<bool>,
) -> Result<(), Failed> {
    let (queue, id) = (number_of(&own.source), uuid_of_subscription(own.id));
    let (ttl, renewed, ends) =
        (own.ttl.get().cast_signed(), millis(own.renewed), millis(own.ttl.after(own.renewed)));
    let options = own.options.clone().into_value().to_string().into_bytes();
    let (subscriber, respects) = (own.subscriber.as_bytes(), own.respects_delay());
    let since = own.suspended.as_ref().map(|suspension| millis(suspension.since));
    let reason = own.suspended.as_ref().map(|suspension| suspension.reason.as_str().as_bytes());
    let (confirmed, declined, notified) = (own.confirmed, own.declined, own.notified);
    let values = values![
        queue => INT8, id => UUID, subscriber => BYTEA, ttl => INT8, renewed => INT8, ends => INT8, options => BYTEA,
        respects => BOOL, confirmed => BOOL, declined => BOOL, notified => BOOL, since => INT8, reason => BYTEA,
    ];
    let mut values = values.to_vec();
    if let Some(resumes) = &resumes {
        values.push((resumes as &(dyn ToSql + Sync), Type::BOOL));
    }
    session.execute(statement, &values).await?;
    if own.notified {
        let subscribed =
            "UPDATE zaqar.queues SET subscribed = true WHERE number = $1::int8 AND NOT subscribed";
        session.execute(subscribed, values![queue => INT8]).await?;
    }
    Ok(())
}

/// Ends what has expired and stands in the way of a subscription.
async fn make_way(session: &Session, own: &Subscription, now: i64) -> Result<(), Failed> {
    let (queue, id, subscriber) =
        (number_of(&own.source), uuid_of_subscription(own.id), own.subscriber.as_bytes());
    let expired = "DELETE FROM zaqar.subscriptions WHERE queue = $1::int8 AND ends <= $4::int8
        AND (id = $2::uuid OR sha256(subscriber) = sha256($3::bytea)) RETURNING id";
    let values = values![queue => INT8, id => UUID, subscriber => BYTEA, now => INT8];
    let rows = session.query(expired, values).await?;
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Uuid>, _>>()?;
    forget(session, queue, &ids).await
}

pub(crate) async fn forget(session: &Session, queue: i64, ids: &[Uuid]) -> Result<(), Failed> {
    if !ids.is_empty() {
        for statement in FORGET {
            session.execute(statement, values![queue => INT8, ids => UUID_ARRAY]).await?;
        }
    }
    Ok(())
}

/// A live subscription by its id.
pub(crate) async fn get(
    session: &Session,
    source: &Destination,
    id: SubscriptionId,
    now: i64,
) -> Result<Option<Subscription>, Failed> {
    let (queue, id) = (number_of(source), uuid_of_subscription(id));
    let row = session.first(BY_ID, values![queue => INT8, now => INT8, id => UUID]).await?;
    row.map(|row| subscription(&row, source)).transpose()
}

async fn find(
    session: &Session,
    source: &Destination,
    subscriber: &str,
    now: i64,
) -> Result<Option<Subscription>, Failed> {
    let (queue, subscriber) = (number_of(source), subscriber.as_bytes());
    let row = session.first(BY_SUBSCRIBER, values![queue => INT8, now => INT8, subscriber => BYTEA]).await?;
    row.map(|row| subscription(&row, source)).transpose()
}

async fn subscribe(session: &Session, own: &Subscription, now: i64) -> Result<(), Failed> {
    session.begin().await?;
    lock_queue(session, &own.source).await?;
    if get(session, &own.source, own.id, now).await?.is_none() {
        if find(session, &own.source, &own.subscriber, now).await?.is_some() {
            return Err(StorageError::Conflict("the subscriber has a subscription already").into());
        }
        make_way(session, own, now).await?;
        put(session, INSERT, own, None).await?;
    }
    session.commit().await
}

async fn update(
    session: &Session,
    source: &Destination,
    id: SubscriptionId,
    change: &SubscriptionChange,
    now: Timestamp,
) -> Result<bool, Failed> {
    let at = millis(now);
    session.begin().await?;
    lock_queue(session, source).await?;
    let found = get(session, source, id, at).await?;
    let Some(mut own) =
        found.filter(|own| change.if_subscriber.as_ref().is_none_or(|seen| *seen == own.subscriber))
    else {
        session.commit().await?;
        return Ok(false);
    };
    let mut resumes = false;
    if let Some(subscriber) = &change.subscriber {
        if find(session, source, subscriber, at).await?.is_some_and(|other| other.id != id) {
            return Err(StorageError::Conflict("the subscriber has another subscription").into());
        }
        resumes = own.subscriber != *subscriber;
        own.subscriber.clone_from(subscriber);
        make_way(session, &own, at).await?;
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
    put(session, UPDATE, &own, Some(resumes)).await?;
    let (queue, uuid, respects) = (number_of(source), uuid_of_subscription(id), own.respects_delay());
    if !own.notified {
        let owed = "DELETE FROM zaqar.deliveries WHERE queue = $1::int8 AND subscription = $2::uuid";
        session.execute(owed, values![queue => INT8, uuid => UUID]).await?;
    }
    if resumes {
        session.execute(HASTEN, values![queue => INT8, uuid => UUID, respects => BOOL]).await?;
    }
    due::touch(session, &[queue], &[uuid]).await?;
    session.commit().await?;
    Ok(true)
}

#[async_trait::async_trait]
impl Subscriptions for PostgresMessageStore {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        let own = Arc::new(subscription);
        let subscribing = self.write(move |session| {
            let own = Arc::clone(&own);
            Box::pin(async move { subscribe(session, &own, millis(now)).await })
        });
        subscribing.await
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let source = source.clone();
        let getting = self.read(move |session| {
            let source = source.clone();
            Box::pin(async move { get(session, &source, id, millis(now)).await })
        });
        getting.await
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let sought = (source.clone(), subscriber.to_owned());
        let finding = self.read(move |session| {
            let (source, subscriber) = sought.clone();
            Box::pin(async move { find(session, &source, &subscriber, millis(now)).await })
        });
        finding.await
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        let (source, marker) = (source.clone(), page.marker.map(uuid_of_subscription));
        let (most, now) = (limit(page.limit), millis(now));
        let listing = self.read(move |session| {
            let source = source.clone();
            Box::pin(async move {
                let queue = number_of(&source);
                let values = values![queue => INT8, now => INT8, marker => UUID, most => INT8];
                let rows = session.query(LIST, values).await?;
                rows.iter().map(|row| subscription(row, &source)).collect::<Result<Vec<_>, _>>()
            })
        });
        let items = listing.await?;
        Ok(Page { next: items.last().map(|own| own.id), items })
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let what = Arc::new((source.clone(), change));
        let updating = self.write(move |session| {
            let what = Arc::clone(&what);
            Box::pin(async move { update(session, &what.0, id, &what.1, now).await })
        });
        let updated = updating.await;
        self.hints.due();
        match updated {
            // There is nothing to change of a source that was dropped.
            Err(StorageError::NotFound(_)) => Ok(false),
            updated => updated,
        }
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        let (queue, id) = (number_of(source), uuid_of_subscription(id));
        let ending = self.write(move |session| {
            Box::pin(async move {
                session.begin().await?;
                session.execute(UNSUBSCRIBE, values![queue => INT8, id => UUID]).await?;
                forget(session, queue, &[id]).await?;
                session.commit().await
            })
        });
        ending.await
    }
}
