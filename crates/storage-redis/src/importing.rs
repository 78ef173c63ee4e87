//! What arrives of a queue. Neighbours of one kind are taken in together, a bounded number at a time.

use zaqar_model::{
    DeliveryStanding, Destination, ExportedDelivery, ExportedItem, ExportedMessage, MoveId, Subscription,
    SubscriptionId, Timestamp,
};
use zaqar_storage::StorageResult;

use crate::RedisMessageStore;
use crate::accounts::{account, ending};
use crate::calls::Call;
use crate::claims::CLAIMS_KEPT;
use crate::connection::{Effect, Request};
use crate::exported_items::{kept_batch, moving_state};
use crate::exporting::{DONE, FAILED, LEASED, OPEN};
use crate::keys::{self, QueueKeys};
use crate::messages::DROPPED_KEPT;
use crate::migration::{mover_name, outcome};
use crate::records::{destination_bytes, double, head_at, millis, position};
use crate::scripts;
use crate::subscriptions::{record, with_flags};

/// So many items go into one step, and about so many bytes of messages.
const SOME: usize = 200;
const SOME_BYTES: usize = 1 << 20;

/// What items are taken in by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Queue,
    Subscription(SubscriptionId),
    Gone(SubscriptionId),
    /// What is owed to a subscription, and what was tried.
    Owed(SubscriptionId),
}

fn step(item: &ExportedItem) -> Step {
    match item {
        ExportedItem::Subscription(own) => Step::Subscription(own.id),
        ExportedItem::SubscriptionGone(id) => Step::Gone(*id),
        ExportedItem::Delivery(id, _) | ExportedItem::Attempt(id, _) => Step::Owed(*id),
        ExportedItem::Cursor(cursor) => Step::Owed(cursor.subscription),
        ExportedItem::Message(_)
        | ExportedItem::MessageGone(_)
        | ExportedItem::Batch(_)
        | ExportedItem::End(_) => Step::Queue,
    }
}

/// A queue that a mover brings here.
struct Arriving<'a> {
    to: &'a Destination,
    queue: QueueKeys,
    mover: MoveId,
    now: Timestamp,
}

impl RedisMessageStore {
    /// Drops what is here of the queue, and makes an empty one that only this mover may fill.
    pub(crate) async fn begin_import(
        &self,
        to: &Destination,
        mover: MoveId,
        now: Timestamp,
    ) -> StorageResult<()> {
        let queue = self.keys(to);
        loop {
            let call = self.moving(&scripts::BEGIN_IMPORT, &queue, &queue.with_all(), mover, now);
            let begun = self.write(call.arg(destination_bytes(to)).arg(DROPPED_KEPT)).await?;
            if outcome(begun)? == 0 {
                self.hints.arrived(&queue);
                return Ok(());
            }
            // Their ids may come again.
            self.forget_orphans(&queue, now).await?;
        }
    }

    pub(crate) async fn import_items(
        &self,
        to: &Destination,
        mover: MoveId,
        items: &[ExportedItem],
        now: Timestamp,
    ) -> StorageResult<()> {
        self.check_open()?;
        let arriving = Arriving { to, queue: self.keys(to), mover, now };
        let mut together: Vec<Request> = Vec::new();
        let mut before = None;
        for run in items.chunk_by(|one, next| step(one) == step(next)) {
            let of = step(&run[0]);
            // Steps about different subscriptions may come in any order.
            if before.is_some_and(|before| std::mem::discriminant(&before) != std::mem::discriminant(&of)) {
                self.take_in_all(&mut together).await?;
            }
            before = Some(of);
            match of {
                Step::Gone(id) => while outcome(self.write(arriving.gone(id)).await?)? == 1 {},
                Step::Subscription(_) => together.extend(run.iter().filter_map(|item| match item {
                    ExportedItem::Subscription(own) => Some(arriving.subscription(own).into()),
                    _ => None,
                })),
                Step::Owed(id) => {
                    together.extend(run.chunks(SOME).map(|run| Request::from(arriving.owed(id, run))));
                }
                Step::Queue => {
                    for call in arriving.contents(run) {
                        outcome(self.write(call).await?)?;
                    }
                }
            }
        }
        self.take_in_all(&mut together).await
    }

    async fn take_in_all(&self, together: &mut Vec<Request>) -> StorageResult<()> {
        for some in std::mem::take(together).chunks(SOME) {
            for answer in self.ask_all(some, Effect::Write).await? {
                outcome(answer)?;
            }
        }
        Ok(())
    }
}

impl Arriving<'_> {
    /// Messages, what is gone of them, batches and the end, as many as go into one step.
    fn contents(&self, items: &[ExportedItem]) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut rest = items;
        while !rest.is_empty() {
            let mut bytes = 0;
            let count = rest.iter().take(SOME).take_while(|item| {
                let is_first = bytes < SOME_BYTES;
                if let ExportedItem::Message(moving) = item {
                    bytes += moving.stored.message.body.as_bytes().len();
                }
                is_first
            });
            let (some, left) = rest.split_at(count.count());
            calls.push(self.some_contents(some));
            rest = left;
        }
        calls
    }

    fn some_contents(&self, items: &[ExportedItem]) -> Call {
        let holds = items.iter().filter_map(|item| match item {
            ExportedItem::Message(moving) => moving.hold.map(|hold| hold.id),
            _ => None,
        });
        let mut claims: Vec<_> = holds.collect();
        claims.sort_unstable();
        claims.dedup();
        let mut more = vec![self.queue.name(keys::BATCHES[0])];
        more.extend(claims.iter().map(|id| self.queue.claim(*id)));
        let mut call =
            Call::on_queue(&scripts::IMPORT, &self.queue, &more, self.now).arg(mover_name(self.mover));
        for item in items {
            call = match item {
                ExportedItem::Message(moving) => {
                    let claim = moving.hold.and_then(|hold| claims.binary_search(&hold.id).ok());
                    self.with_message(call, moving, claim.map_or(0, |at| at + 1))
                }
                ExportedItem::MessageGone(at) => call.arg("g").arg(position(*at)),
                ExportedItem::Batch(batch) => call
                    .arg("b")
                    .arg(&batch.id.as_u128().to_be_bytes())
                    .arg(kept_batch(self.to.number, batch)),
                ExportedItem::End(last) => call.arg("e").arg(position(*last)),
                _ => call,
            };
        }
        call
    }

    fn with_message(&self, call: Call, moving: &ExportedMessage, claim: usize) -> Call {
        let at = position(moving.position);
        let (state, is_plain) = moving_state(moving, self.now);
        let held = moving.hold.map_or(0, |hold| millis(hold.ends()).saturating_sub(millis(self.now)) / 1000);
        call.arg("m")
            .arg(at)
            .arg(head_at(at, &moving.stored, moving.posted))
            .arg(&**moving.stored.message.body.as_bytes())
            .arg(state)
            .arg(u8::from(is_plain))
            .arg(claim)
            .arg(held + CLAIMS_KEPT)
    }

    fn subscription(&self, own: &Subscription) -> Call {
        let call = Call::on_subscription(&scripts::IMPORT_SUBSCRIPTION, &self.queue, own.id, self.now)
            .arg(mover_name(self.mover))
            .arg(record(own))
            .arg(&own.subscriber);
        with_flags(call, own)
    }

    fn gone(&self, id: SubscriptionId) -> Call {
        Call::on_subscription(&scripts::FORGET_ARRIVING, &self.queue, id, self.now)
            .arg("all")
            .arg(mover_name(self.mover))
    }

    fn owed(&self, id: SubscriptionId, items: &[ExportedItem]) -> Call {
        let mut call = Call::on_subscription(&scripts::IMPORT_OWED, &self.queue, id, self.now)
            .arg(mover_name(self.mover));
        for item in items {
            call = match item {
                ExportedItem::Delivery(_, delivery) => with_delivery(call, delivery),
                ExportedItem::Attempt(_, kept) => {
                    let mut raw = Vec::new();
                    raw.extend(double(Timestamp::from_millis(kept.number.get())));
                    raw.extend(kept.message.as_u128().to_be_bytes());
                    raw.extend(double(kept.attempt.at));
                    raw.push(ending(kept.end));
                    raw.extend(account(&kept.attempt, kept.end, kept.confirmation));
                    call.arg("a").arg(raw)
                }
                ExportedItem::Cursor(cursor) => call
                    .arg("c")
                    .arg(position(cursor.front).saturating_sub(1))
                    .arg(millis(cursor.held_back.first_attempts))
                    .arg(millis(cursor.held_back.retries)),
                _ => call,
            };
        }
        call
    }
}

fn with_delivery(call: Call, delivery: &ExportedDelivery) -> Call {
    let (kind, due, attempts, lease, reason) = match &delivery.standing {
        DeliveryStanding::Done => (DONE, Timestamp::default(), 0, None, ""),
        DeliveryStanding::Open { attempts, due, lease: None } => (OPEN, *due, *attempts, None, ""),
        DeliveryStanding::Open { attempts, due, lease } => (LEASED, *due, *attempts, *lease, ""),
        DeliveryStanding::Failed { attempts, at, reason } => (FAILED, *at, *attempts, None, reason.as_str()),
    };
    call.arg("d")
        .arg(position(delivery.position))
        .arg(kind)
        .arg(millis(due))
        .arg(attempts)
        .arg(lease.map_or(0, |lease| millis(lease.since)))
        .arg(&lease.map_or(0, |lease| lease.id.as_u128()).to_be_bytes())
        .arg(reason)
}
