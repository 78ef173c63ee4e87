//! Pages of an export. A script that needs the keys of subscriptions says so, and is run again with them.

use redis::Value;
use zaqar_model::{
    DeliveryStanding, Destination, Excerpt, ExportedCursor, ExportedDelivery, ExportedItem, HeldBack, Lease,
    LeaseId, Marker, MessageId, MoveId, SubscriptionId, Timestamp,
};
use zaqar_storage::{ExportCursor, ExportPage, StorageResult};

use crate::RedisMessageStore;
use crate::accounts::kept_attempt;
use crate::connection::{Reply, damaged};
use crate::exported_items::{batch, moving_message};
use crate::keys::{self, QueueKeys};
use crate::migration::outcome;
use crate::records::{Placed, timestamp};
use crate::scripts;
use crate::subscriptions::{id_of, subscription};

/// So many items a page has at most, whatever is asked for, and about so many bytes of messages.
const LARGEST_PAGE: usize = 500;
const LARGEST_BYTES: usize = 1 << 20;

/// How deliveries stand, as `subscription.lua` and `export.lua` have it.
pub(crate) const OPEN: u8 = 0;
pub(crate) const LEASED: u8 = 1;
pub(crate) const FAILED: u8 = 2;
pub(crate) const DONE: u8 = 3;

/// What the script answers first: a page, or that it needs the keys of subscriptions.
const PAGE: i64 = 0;

impl RedisMessageStore {
    /// The cursors are the numbers of the pages.
    pub(crate) async fn export_page(
        &self,
        from: &Destination,
        mover: MoveId,
        cursor: &ExportCursor,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<ExportPage> {
        let queue = self.keys(from);
        let behind: u64 = if cursor.0.is_empty() { 0 } else { cursor.0.parse().map_err(|_| damaged())? };
        let mut given: Vec<SubscriptionId> = Vec::new();
        loop {
            let [batches, old_batches] = keys::BATCHES;
            let mut more =
                [keys::SENT, batches, old_batches, keys::SUBSCRIPTIONS].map(|key| queue.name(key)).to_vec();
            more.extend(given.iter().flat_map(|id| queue.exported_of_subscription(*id)));
            let mut call = self
                .moving(&scripts::EXPORT, &queue, &more, mover, now)
                .arg(behind)
                .arg(limit.clamp(1, LARGEST_PAGE))
                .arg(LARGEST_BYTES);
            for id in &given {
                call = call.arg(&id.as_u128().to_be_bytes());
            }
            // A page may be asked for again.
            let mut answer = self.read(call).await?.list()?;
            if outcome(answer.next().unwrap_or(Value::Nil))? != PAGE {
                given = answer.map(id_of).collect::<StorageResult<_>>()?;
                continue;
            }
            let mut next = || answer.next().unwrap_or(Value::Nil);
            let (number, is_caught_up) = (next().number()?, next().int()? == 1);
            let items = answer.map(|item| read(from, &queue, item)).collect::<StorageResult<_>>()?;
            return Ok(ExportPage { items, next: ExportCursor(number.to_string()), is_caught_up });
        }
    }
}

fn read(from: &Destination, queue: &QueueKeys, item: Value) -> StorageResult<ExportedItem> {
    let mut parts = item.list()?;
    let kind = parts.next().unwrap_or(Value::Nil).bytes()?;
    let mut next = || parts.next().unwrap_or(Value::Nil);
    Ok(match kind.as_ref() {
        b"1" => {
            let (id, record) = (id_of(next())?, next().bytes()?);
            if record.is_empty() {
                return Ok(ExportedItem::SubscriptionGone(id));
            }
            ExportedItem::Subscription(subscription(from, id, &record)?)
        }
        b"2" => {
            let (position, head) = (next(), next());
            if head.is_nothing() {
                return Ok(ExportedItem::MessageGone(Marker::new(position.number()?)));
            }
            let placed = Placed::read(&mut [position, head, next(), next()].into_iter())?;
            ExportedItem::Message(moving_message(placed.ok_or_else(damaged)?))
        }
        b"3" => ExportedItem::Delivery(id_of(next())?, delivery(&mut next)?),
        b"4" => ExportedItem::Attempt(id_of(next())?, kept_attempt(&next().bytes()?)?),
        b"5" => {
            ExportedItem::Batch(batch(from.number, &next().bytes()?, &next().bytes()?, next().number()?)?)
        }
        b"6" => {
            let (subscription, reached) = (id_of(next())?, next().number()?);
            let (first_attempts, retries) = (timestamp(next().number()?), timestamp(next().number()?));
            let held_back = HeldBack { first_attempts, retries };
            ExportedItem::Cursor(ExportedCursor { subscription, front: Marker::new(reached + 1), held_back })
        }
        b"7" => ExportedItem::End(Marker::new(next().number()?)),
        _ => {
            tracing::warn!(queue = %queue.number, "an export holds something of an unknown kind");
            return Err(damaged());
        }
    })
}

fn delivery(next: &mut impl FnMut() -> Value) -> StorageResult<ExportedDelivery> {
    let position = Marker::new(next().number()?);
    let message: [u8; 16] = next().bytes()?.as_ref().try_into().map_err(|_| damaged())?;
    let message = MessageId::from_u128(u128::from_be_bytes(message));
    let kind = u8::try_from(next().number()?).map_err(|_| damaged())?;
    if kind == DONE {
        return Ok(ExportedDelivery { position, message, standing: DeliveryStanding::Done });
    }
    let (due, attempts) = (timestamp(next().number()?), next().number()?);
    let attempts = u32::try_from(attempts).map_err(|_| damaged())?;
    let (since, lease, reason) = (timestamp(next().number()?), next().bytes()?, next().bytes()?);
    let lease: [u8; 16] = lease.as_ref().try_into().map_err(|_| damaged())?;
    let lease = Lease { id: LeaseId::from_u128(u128::from_be_bytes(lease)), since };
    let standing = match kind {
        OPEN => DeliveryStanding::Open { attempts, due, lease: None },
        LEASED => DeliveryStanding::Open { attempts, due, lease: Some(lease) },
        FAILED => {
            let reason = Excerpt::new(&String::from_utf8_lossy(&reason));
            DeliveryStanding::Failed { attempts, at: due, reason }
        }
        _ => return Err(damaged()),
    };
    Ok(ExportedDelivery { position, message, standing })
}
