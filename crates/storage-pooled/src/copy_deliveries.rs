//! The copy of a queue's subscriptions, and of how the deliveries to them stand.
//!
//! In the copy all messages stay until the last step tells how far the subscriptions have come. Leases are not noted as
//! changes, since nobody knows before which queues they are of: what is under lease goes along with the cursors.

use std::collections::{HashMap, HashSet};

use zaqar_model::{AttemptFilter, Marker, MovingCursor, MovingDelivery, Page, PageRequest, SubscriptionId};
use zaqar_storage::StorageResult;

use crate::copy::{BATCH, Copy};
use crate::pooled::Pooled;

impl Copy<'_> {
    /// Copies a page of subscriptions; returns where to go on, if there may be more.
    pub(crate) async fn subscriptions(
        &mut self,
        behind: Option<SubscriptionId>,
        pooled: &Pooled,
    ) -> StorageResult<Option<Option<SubscriptionId>>> {
        let now = pooled.clock.now();
        let page = PageRequest { marker: behind, limit: BATCH };
        let Some(subscriptions) = self.source.subscriptions() else { return Ok(None) };
        let page = subscriptions.list_subscriptions(self.queue, &page, now).await?;
        let next = page.next.filter(|_| page.items.len() == BATCH);
        self.note_deliveries(page.items.iter().map(|subscription| subscription.id), HashMap::new());
        if !page.items.is_empty() {
            self.target.migration_or_unsupported()?.import_subscriptions(self.queue, page.items, now).await?;
        }
        Ok(next.map(Some))
    }

    pub(crate) async fn subscriptions_again(
        &self,
        ids: &HashSet<SubscriptionId>,
        pooled: &Pooled,
    ) -> StorageResult<()> {
        let now = pooled.clock.now();
        let (mut found, mut gone) = (Vec::new(), Vec::new());
        for id in ids {
            match self.source.subscriptions_or_unsupported()?.get_subscription(self.queue, *id, now).await? {
                Some(subscription) => found.push(subscription),
                None => gone.push(*id),
            }
        }
        if !found.is_empty() {
            self.target.migration_or_unsupported()?.import_subscriptions(self.queue, found, now).await?;
        }
        // Behind the others, for whom messages may stay.
        for id in gone {
            self.target.subscriptions_or_unsupported()?.unsubscribe(self.queue, id).await?;
        }
        Ok(())
    }

    /// Has these deliveries copied, and all to some subscriptions.
    pub(crate) fn note_deliveries(
        &mut self,
        all_to: impl IntoIterator<Item = SubscriptionId>,
        some: HashMap<SubscriptionId, HashSet<Marker>>,
    ) {
        if self.source.deliveries().is_none() || self.target.deliveries().is_none() {
            return;
        }
        self.undelivered.extend(all_to.into_iter().map(|id| (id, Marker::default())));
        for (subscription, positions) in some {
            self.changed.entry(subscription).or_default().extend(positions);
        }
    }

    pub(crate) fn has_more_deliveries(&self) -> bool {
        !self.undelivered.is_empty()
    }

    /// Copies a batch of deliveries to one subscription; at their end, the attempts.
    pub(crate) async fn deliveries(&mut self, pooled: &Pooled) -> StorageResult<()> {
        let Some((id, behind)) = self.undelivered.pop_first() else { return Ok(()) };
        let now = pooled.clock.now();
        let deliveries = self
            .source
            .migration_or_unsupported()?
            .export_deliveries(self.queue, id, behind, BATCH, now)
            .await?;
        let last = deliveries.last().map(|delivery| delivery.position).filter(|_| deliveries.len() == BATCH);
        self.import_deliveries(id, deliveries, pooled).await?;
        match last {
            Some(position) => {
                self.undelivered.insert(id, position);
                Ok(())
            }
            None => self.attempts(id, pooled).await,
        }
    }

    /// Copies again how deliveries stand that have changed since they were copied.
    pub(crate) async fn changed_deliveries(&mut self, pooled: &Pooled) -> StorageResult<()> {
        for (id, positions) in std::mem::take(&mut self.changed) {
            let (there, to_come): (Vec<_>, Vec<_>) =
                positions.into_iter().partition(|position| *position <= self.done);
            if !to_come.is_empty() {
                self.changed.entry(id).or_default().extend(to_come);
            }
            for positions in there.chunks(BATCH) {
                let now = pooled.clock.now();
                let some = self
                    .source
                    .migration_or_unsupported()?
                    .export_some_deliveries(self.queue, id, positions, now)
                    .await?;
                self.import_deliveries(id, some, pooled).await?;
            }
            self.attempts(id, pooled).await?;
        }
        Ok(())
    }

    /// Those whose messages are still to come wait for them.
    async fn import_deliveries(
        &mut self,
        id: SubscriptionId,
        deliveries: Vec<MovingDelivery>,
        pooled: &Pooled,
    ) -> StorageResult<()> {
        let (there, to_come): (Vec<_>, Vec<_>) =
            deliveries.into_iter().partition(|delivery| delivery.position <= self.done);
        if !to_come.is_empty() {
            let positions = to_come.iter().map(|delivery| delivery.position);
            self.changed.entry(id).or_default().extend(positions);
        }
        if there.is_empty() {
            return Ok(());
        }
        self.target
            .migration_or_unsupported()?
            .import_deliveries(self.queue, id, there, Vec::new(), pooled.clock.now())
            .await
    }

    /// Copies the attempts that the copy does not have: it has all up to the newest that it has.
    async fn attempts(&self, id: SubscriptionId, pooled: &Pooled) -> StorageResult<()> {
        let now = pooled.clock.now();
        let newest = PageRequest { marker: None, limit: 1 };
        let newest = self
            .target
            .deliveries_or_unsupported()?
            .attempts(self.queue, id, &AttemptFilter::default(), &newest, now)
            .await?
            .items;
        let known = newest.first().map(|kept| kept.number);
        let mut missing = Vec::new();
        let mut marker = None;
        loop {
            let page = PageRequest { marker, limit: BATCH };
            let page = self
                .source
                .deliveries_or_unsupported()?
                .attempts(self.queue, id, &AttemptFilter::default(), &page, now)
                .await?;
            let is_end = page.next.is_none() || page.items.iter().any(|kept| Some(kept.number) <= known);
            missing.extend(page.items.into_iter().filter(|kept| Some(kept.number) > known));
            if is_end {
                break;
            }
            marker = page.next;
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.target
            .migration_or_unsupported()?
            .import_deliveries(self.queue, id, Vec::new(), missing, now)
            .await
    }

    /// How far the subscriptions have come: what they are owed is leased from the copy from now on.
    pub(crate) async fn cursors(&self, pooled: &Pooled) -> StorageResult<()> {
        if self.source.deliveries().is_none() || self.target.deliveries().is_none() {
            return Ok(());
        }
        let mut marker = None;
        loop {
            let now = pooled.clock.now();
            let page = PageRequest { marker, limit: BATCH };
            let page = self.cursors_with_attempts(&page, pooled).await?;
            let is_last = page.items.len() < BATCH;
            if !page.items.is_empty() {
                self.target.migration_or_unsupported()?.import_cursors(self.queue, page.items, now).await?;
            }
            if is_last {
                return Ok(());
            }
            marker = page.next;
        }
    }

    /// Attempts without an end come on record by themselves, so nobody has noted them; and leases do not stand at the
    /// lock. So cursors and attempts are read until they fit together.
    async fn cursors_with_attempts(
        &self,
        page: &PageRequest<SubscriptionId>,
        pooled: &Pooled,
    ) -> StorageResult<Page<MovingCursor, SubscriptionId>> {
        let now = pooled.clock.now();
        let mut cursors =
            self.source.migration_or_unsupported()?.export_cursors(self.queue, page, now).await?;
        loop {
            for cursor in &cursors.items {
                self.attempts(cursor.subscription, pooled).await?;
            }
            let again = self.source.migration_or_unsupported()?.export_cursors(self.queue, page, now).await?;
            if again.items == cursors.items {
                return Ok(cursors);
            }
            cursors = again;
        }
    }
}
