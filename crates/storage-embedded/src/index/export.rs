//! What of a queue is still to be exported while it moves: what was never exported, and what has changed since it was.

use std::collections::BTreeSet;

use zaqar_model::{ExportedCursor, Marker, SubscriptionId};

use super::QueueIndex;

/// The state of an export.
#[derive(Debug, Default)]
pub(crate) struct Export {
    /// The number of the last page.
    page: u64,
    /// How far everything was exported once, with the last page and before it.
    place: Place,
    before: Place,
    /// What has changed behind that.
    changed: Keys,
    /// What of it was on the last page, which may be asked for again.
    sent: Keys,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    subscription: Option<SubscriptionId>,
    /// The next sequence number to look at.
    message: u64,
    delivery: Option<(SubscriptionId, u64)>,
    attempt: Option<(SubscriptionId, u64)>,
    cursor: Option<SubscriptionId>,
    is_end: bool,
}

#[derive(Debug, Default)]
struct Keys {
    subscriptions: BTreeSet<SubscriptionId>,
    messages: BTreeSet<u64>,
    deliveries: BTreeSet<(SubscriptionId, u64)>,
    attempts: BTreeSet<(SubscriptionId, u64)>,
}

/// What is exported next, by its key. How it is now, the index says.
#[derive(Debug)]
pub(crate) enum Exported {
    Subscription(SubscriptionId),
    Message(u64),
    Delivery(SubscriptionId, u64),
    Attempt(SubscriptionId, u64),
    Cursor(ExportedCursor),
    End,
}

/// A page is asked for whose next one was asked for already.
#[derive(Debug)]
pub(crate) struct IsPast;

impl QueueIndex {
    /// From now on, changes are noted.
    pub(crate) fn begin_export(&mut self) {
        self.export = Some(Box::default());
    }

    pub(crate) fn end_export(&mut self) {
        self.export = None;
    }

    pub(super) fn note_subscription(&mut self, id: SubscriptionId) {
        if let Some(export) = &mut self.export
            && Some(id) <= export.place.subscription
        {
            export.changed.subscriptions.insert(id);
        }
    }

    pub(super) fn note_message(&mut self, sequence: u64) {
        if let Some(export) = &mut self.export
            && sequence < export.place.message
        {
            export.changed.messages.insert(sequence);
        }
    }

    pub(super) fn note_delivery(&mut self, id: SubscriptionId, sequence: u64) {
        if let Some(export) = &mut self.export
            && Some((id, sequence)) <= export.place.delivery
        {
            export.changed.deliveries.insert((id, sequence));
        }
    }

    pub(super) fn note_attempt(&mut self, id: SubscriptionId, number: u64) {
        if let Some(export) = &mut self.export
            && Some((id, number)) <= export.place.attempt
        {
            export.changed.attempts.insert((id, number));
        }
    }

    /// The page behind one with this number, or that page once more, and its number.
    pub(crate) fn export_page(
        &mut self,
        behind: u64,
        limit: usize,
        is_sealed: bool,
    ) -> Result<(Vec<Exported>, u64), IsPast> {
        let Some(mut export) = self.export.take() else { return Err(IsPast) };
        let page = export.next_page(self, behind, limit, is_sealed);
        let number = export.page;
        self.export = Some(export);
        page.map(|page| (page, number))
    }
}

impl Export {
    fn next_page(
        &mut self,
        index: &QueueIndex,
        behind: u64,
        limit: usize,
        is_sealed: bool,
    ) -> Result<Vec<Exported>, IsPast> {
        if behind == self.page {
            (self.before, self.sent) = (self.place, Keys::default());
        } else if behind + 1 == self.page {
            self.place = self.before;
            self.changed.extend(std::mem::take(&mut self.sent));
        } else {
            return Err(IsPast);
        }
        self.page = behind + 1;
        let mut page = Vec::new();
        self.subscriptions(index, limit, &mut page);
        self.messages(index, limit, &mut page);
        // The messages that they are about come first.
        self.deliveries(index, limit, &mut page);
        self.attempts(index, limit, &mut page);
        if is_sealed {
            self.end(index, limit, &mut page);
        }
        Ok(page)
    }

    fn subscriptions(&mut self, index: &QueueIndex, limit: usize, page: &mut Vec<Exported>) {
        let changed = taken(&mut self.changed.subscriptions, limit - page.len());
        page.extend(changed.iter().map(|id| Exported::Subscription(*id)));
        self.sent.subscriptions.extend(changed);
        let behind = index.subscriptions.iter_behind(self.place.subscription);
        for subscription in behind.take(limit - page.len()) {
            page.push(Exported::Subscription(subscription.id));
            self.place.subscription = Some(subscription.id);
        }
        if page.len() < limit {
            // One that is made later may have any id.
            self.place.subscription = Some(SubscriptionId::from_u128(u128::MAX));
        }
    }

    fn messages(&mut self, index: &QueueIndex, limit: usize, page: &mut Vec<Exported>) {
        let changed = taken(&mut self.changed.messages, limit - page.len());
        page.extend(changed.iter().map(|sequence| Exported::Message(*sequence)));
        self.sent.messages.extend(changed);
        if page.len() == limit {
            return;
        }
        let (from, wanted) = (self.place.message, limit - page.len());
        let exhausted = index.dead_letters.iter_from(from).take(wanted).map(|(sequence, _, _)| sequence);
        let live = index.iter_from(from).take(wanted).map(|(sequence, _, _)| sequence);
        let kept = index.retained.iter_from(from).take(wanted).map(|(sequence, _)| sequence);
        let mut sequences: Vec<u64> = live.chain(exhausted).chain(kept).collect();
        sequences.sort_unstable();
        sequences.truncate(wanted);
        let is_last = sequences.len() < wanted;
        let last = sequences.last().map_or(from, |last| last + 1);
        self.place.message = if is_last { last.max(index.next_sequence) } else { last };
        page.extend(sequences.into_iter().map(Exported::Message));
    }

    fn deliveries(&mut self, index: &QueueIndex, limit: usize, page: &mut Vec<Exported>) {
        let changed = taken(&mut self.changed.deliveries, limit - page.len());
        page.extend(changed.iter().map(|(id, sequence)| Exported::Delivery(*id, *sequence)));
        self.sent.deliveries.extend(changed);
        let mut from = self.place.delivery.unwrap_or((SubscriptionId::from_u128(0), 0));
        for (id, cursor) in index.cursors_from(from.0) {
            let first = if id == from.0 { from.1 + 1 } else { 0 };
            let held = cursor.held_from(first, limit - page.len());
            from = held.last().map_or(from, |last| (id, *last));
            page.extend(held.into_iter().map(|sequence| Exported::Delivery(id, sequence)));
            if page.len() == limit {
                self.place.delivery = Some(from);
                return;
            }
        }
        self.place.delivery = Some((SubscriptionId::from_u128(u128::MAX), u64::MAX - 1));
    }

    fn attempts(&mut self, index: &QueueIndex, limit: usize, page: &mut Vec<Exported>) {
        let changed = taken(&mut self.changed.attempts, limit - page.len());
        page.extend(changed.iter().map(|(id, number)| Exported::Attempt(*id, *number)));
        self.sent.attempts.extend(changed);
        let mut behind = self.place.attempt;
        for subscription in
            index.subscriptions.iter_from(behind.map_or(SubscriptionId::from_u128(0), |(id, _)| id))
        {
            let id = subscription.id;
            let Some(attempts) = index.attempts.get(id) else { continue };
            let first = behind.filter(|(last, _)| *last == id).map_or(0, |(_, last)| last + 1);
            for number in attempts.entries.range(first..).map(|(number, _)| *number).take(limit - page.len())
            {
                page.push(Exported::Attempt(id, number));
                behind = Some((id, number));
            }
            if page.len() == limit {
                self.place.attempt = behind;
                return;
            }
        }
        self.place.attempt = Some((SubscriptionId::from_u128(u128::MAX), u64::MAX - 1));
    }

    /// How far the subscriptions have come, and the end.
    fn end(&mut self, index: &QueueIndex, limit: usize, page: &mut Vec<Exported>) {
        if page.len() == limit || self.place.is_end {
            return;
        }
        let behind = self.place.cursor;
        let notified = index.subscriptions.iter_behind(behind).filter_map(|subscription| {
            let cursor = index.cursor(subscription.id)?;
            let (subscription, front) = (subscription.id, Marker::new(cursor.front()));
            Some(ExportedCursor { subscription, front, held_back: cursor.held_back })
        });
        for cursor in notified.take(limit - page.len()) {
            self.place.cursor = Some(cursor.subscription);
            page.push(Exported::Cursor(cursor));
        }
        if page.len() < limit {
            self.place.is_end = true;
            page.push(Exported::End);
        }
    }
}

impl Keys {
    fn extend(&mut self, other: Self) {
        self.subscriptions.extend(other.subscriptions);
        self.messages.extend(other.messages);
        self.deliveries.extend(other.deliveries);
        self.attempts.extend(other.attempts);
    }
}

/// Takes the first keys.
fn taken<T: Ord>(keys: &mut BTreeSet<T>, limit: usize) -> Vec<T> {
    std::iter::from_fn(|| keys.pop_first()).take(limit).collect()
}
