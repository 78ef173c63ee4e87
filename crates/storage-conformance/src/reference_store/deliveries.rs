//! Deliveries: notifications that are owed.

use std::sync::Arc;

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, ConfirmationAttempt, Delivery, DeliveryReport, Destination,
    FailedDelivery, HeldBack, Lease, LeaseId, Marker, MessageId, Page, PageRequest, Paused, StoredMessage,
    SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Deliveries, Due, LeaseRequest, Leased, Redelivery, StorageResult, SubscriptionKey, SubscriptionShare,
};

use super::contents::Contents;
use super::{ReferenceStore, page_of};

#[async_trait::async_trait]
impl Deliveries for ReferenceStore {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        let state = self.state()?;
        let here = state.contents.iter().filter(|(source, _)| !state.is_elsewhere(source));
        let all = here.flat_map(|(source, contents)| {
            let notified = contents.notified(now).into_iter();
            notified.map(|id| {
                (SubscriptionKey { source: source.clone(), id }, next_due(contents, id, share, now))
            })
        });
        let all: Vec<_> = all.filter_map(|(key, due)| Some((key, due?))).collect();
        let mut due: Vec<SubscriptionKey> =
            all.iter().filter(|(_, due)| *due <= now).map(|(key, _)| key.clone()).collect();
        due.sort_by_key(|key| state.turns.get(key).copied());
        due.truncate(limit);
        let later = all.iter().map(|(_, due)| *due).min();
        Ok(if due.is_empty() { later.map_or(Due::Nothing, Due::At) } else { Due::Now(due) })
    }

    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
        let lease = Lease { id: request.id, since: now };
        let mut state = self.state()?;
        let mut all = Vec::new();
        for (key, limit) in request.subscriptions.iter().filter(|_| now < request.until) {
            state.last_turn += 1;
            let turn = state.last_turn;
            state.turns.insert(key.clone(), turn);
            if state.is_elsewhere(&key.source) {
                continue;
            }
            let Some(contents) = state.contents.get_mut(&key.source) else { continue };
            let mut taken = Vec::new();
            if request.is_repeated {
                taken = held_by(contents, key.id, lease.id, now);
            }
            let limit = if taken.is_empty() { *limit } else { 0 };
            while taken.len() < limit
                && let Some(next) = take(contents, key.id, request.share, lease, request.until)
            {
                taken.push(next);
            }
            all.extend(taken);
        }
        Ok(all.into())
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        let mut result = Ok(());
        for DeliveryReport { source, subscription, position, outcome } in reports.iter().cloned() {
            match self.contents(&source) {
                Ok(mut contents) => contents.ledger.record(lease, subscription, position, outcome, now),
                Err(error) => result = Err(error),
            }
        }
        self.owed.notify_one();
        result
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut contents = self.contents(source)?;
        let ConfirmationAttempt { kind, request, attempt, end } = attempt;
        if contents.subscription(subscription, now).is_some() {
            contents.ledger.keep_attempt(subscription, (request, Some(kind)), attempt, end);
        }
        Ok(())
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        let mut contents = self.contents(source)?;
        if contents.subscriptions.get(&subscription).is_some_and(|own| own.notified) {
            contents.ledger.held_back.entry(subscription).or_default().set(paused, until);
        }
        self.owed.notify_one();
        Ok(())
    }

    async fn wait_for_due(&self) -> StorageResult<()> {
        if self.is_open() {
            self.owed.notified().await;
        }
        self.state().map(|_| ())
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let since = match which {
            Redelivery::Message(message) => {
                return self.redeliver_message(source, subscription, message, now).map(u64::from);
            }
            Redelivery::FailedSince(since) => since,
        };
        let page = PageRequest { marker: None, limit: usize::MAX };
        let failed = self.failed(source, subscription, &page, now).await?.items;
        let mut owed = 0;
        for delivery in failed.iter().filter(|delivery| delivery.failed >= since) {
            owed +=
                u64::from(self.redeliver_message(source, subscription, delivery.message.message.id, now)?);
        }
        Ok(owed)
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        let contents = self.contents(source)?;
        if contents.subscription(subscription, now).is_none() {
            return Ok(Page::empty());
        }
        let own = contents.ledger.owed.iter().filter(|owed| owed.subscription == subscription);
        let mut failed: Vec<_> = own
            .filter_map(|owed| {
                let (failed, reason) = owed.failed.clone()?;
                contents.ledger.kept_until(owed).filter(|until| now < *until)?;
                let message = contents.ledger.posted.get(&owed.position)?.clone();
                let (position, attempts) = (owed.position, owed.attempts);
                Some(FailedDelivery { message, position, attempts, failed, reason })
            })
            .collect();
        failed.sort_by_key(|delivery| delivery.position);
        Ok(page_of(failed.into_iter(), |delivery| delivery.position, page))
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<AttemptRecord, AttemptNumber>> {
        let mut contents = self.contents(source)?;
        if contents.subscription(subscription, now).is_none() {
            return Ok(Page::empty());
        }
        contents.ledger.end_left_behind(now);
        let kept = contents.ledger.attempts(subscription, now).into_iter();
        let kept = kept.filter(|kept| filter.admits(kept));
        let behind = kept.filter(|kept| page.marker.is_none_or(|marker| kept.number < marker));
        let items: Vec<_> = behind.take(page.limit).collect();
        Ok(Page { next: items.last().map(|kept| kept.number), items })
    }
}

impl ReferenceStore {
    fn redeliver_message(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        message: MessageId,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let mut contents = self.contents(source)?;
        let Some(position) = contents.ledger.position_of(message) else { return Ok(false) };
        let there = contents.ledger.message(position, now).cloned();
        let notified = contents.notified(now);
        let mut owed = contents.ledger.owed.iter();
        let is_kept = contents.find(message, now).is_some()
            || contents.dead_letters.iter().any(|entry| entry.stored.message.id == message)
            || owed.any(|owed| owed.position == position && notified.contains(&owed.subscription));
        let Some(stored) = there.filter(|_| is_kept && notified.contains(&subscription)) else {
            return Ok(false);
        };
        let is_leased = contents.ledger.find(subscription, position).is_some_and(|owed| owed.is_leased(now));
        if is_leased {
            return Ok(true);
        }
        contents.ledger.end_left_behind(now);
        contents.ledger.end_unknown(subscription, position);
        match contents.ledger.find(subscription, position) {
            Some(owed) => {
                owed.failed = None;
                owed.attempts = 0;
                owed.due = now;
                owed.is_late = false;
            }
            None => {
                contents.ledger.owe(&[(subscription, now)], position, &stored);
                if let Some(owed) = contents.ledger.find(subscription, position) {
                    owed.is_new = false;
                }
            }
        }
        self.owed.notify_one();
        Ok(true)
    }
}

/// What this lease has taken before.
fn held_by(contents: &Contents, id: SubscriptionId, lease: LeaseId, now: Timestamp) -> Vec<Delivery> {
    let Some(subscription) = contents.subscription(id, now) else { return Vec::new() };
    let subscription = Arc::new(subscription.clone());
    let own = contents.ledger.open(id, now).into_iter();
    let held = own.filter(|owed| owed.lease.is_some_and(|own| own.id == lease));
    held.filter_map(|owed| {
        let message = contents.ledger.deliverable(owed.position, now)?.clone();
        let (subscription, position) = (Arc::clone(&subscription), owed.position);
        Some(Delivery { subscription, message, position, attempts: owed.attempts })
    })
    .collect()
}

fn next_due(
    contents: &Contents,
    id: SubscriptionId,
    share: SubscriptionShare,
    now: Timestamp,
) -> Option<Timestamp> {
    moments(contents, id, share, now).into_iter().map(|(_, moment)| moment).min()
}

/// When each delivery of a subscription can be leased.
fn moments(
    contents: &Contents,
    id: SubscriptionId,
    share: SubscriptionShare,
    now: Timestamp,
) -> Vec<(Marker, Timestamp)> {
    let paused = contents.ledger.held_back.get(&id).copied().unwrap_or_default();
    let is_suspended = contents.subscription(id, now).is_some_and(|own| own.suspended.is_some());
    let held_back = if is_suspended { HeldBack::all(Timestamp::NEVER) } else { paused };
    let mut moments = contents.ledger.moments(id, share, held_back, contents.respects_delay(id), now);
    moments.retain(|(_, moment)| *moment < Timestamp::NEVER);
    moments
}

/// Takes the first delivery of a subscription that is due.
fn take(
    contents: &mut Contents,
    id: SubscriptionId,
    share: SubscriptionShare,
    lease: Lease,
    until: Timestamp,
) -> Option<Delivery> {
    let now = lease.since;
    let subscription = Arc::new(contents.subscription(id, now)?.clone());
    contents.ledger.end_left_behind(now);
    let moments = moments(contents, id, share, now);
    let position = moments.into_iter().find(|(_, moment)| *moment <= now)?.0;
    let message: StoredMessage = contents.ledger.deliverable(position, now)?.clone();
    contents.ledger.end_unknown(id, position);
    let owed = contents.ledger.find(id, position)?;
    owed.lease = Some(lease);
    owed.due = until;
    (owed.is_new, owed.is_late) = (false, false);
    Some(Delivery { subscription, message, position, attempts: owed.attempts })
}
