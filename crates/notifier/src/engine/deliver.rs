//! Makes one delivery.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use zaqar_model::{Address, Delivery, DeliveryOutcome, Timestamp};

use super::confirm::Addressed;
use super::endpoints::NoEntry;
use super::health::{Sign, Turn};
use super::senders::NOBODY_SENDS;
use super::{Engine, Leased};
use crate::notice::{Answer, Notice, Sender};
use crate::notification::notice_of;
use crate::retry::Verdict;

/// Who waits longer for an endpoint makes room for another to be worked on.
const A_MOMENT: Duration = Duration::from_millis(10);
/// What takes longer needs room among the slow.
pub(super) const IN_TIME: Duration = Duration::from_secs(1);
/// When to look again for room, at least and at most, in milliseconds.
const BACK_IN: (u64, u64) = (500, 2500);
/// The same in a crowd, where more who look do not find more.
const BACK_IN_A_CROWD: (u64, u64) = (2000, 10_000);
/// When to look again at a message that cannot be decrypted: the operator may have given back its key.
const UNREADABLE_FOR: u64 = 300;

/// What became of a delivery that was taken up.
pub(super) enum Ended {
    /// How it ended is on its way to the store.
    Tried,
    /// It was not tried and is to be given back: it may be due again at this time.
    NotNow(Box<Leased>, Timestamp),
}

/// One attempt and its answer.
pub(super) struct Tried {
    pub(super) at: Timestamp,
    pub(super) latency_ms: u32,
    pub(super) answer: Answer,
}

impl Engine {
    pub(super) async fn deliver(&self, mut leased: Leased) -> Ended {
        let not_now = |leased, at| Ended::NotNow(Box::new(leased), at);
        if let Some(reason) = &leased.owed.unreadable {
            let Delivery { subscription, message, .. } = &leased.owed.delivery;
            let (project, queue, id) =
                (&subscription.source.project, &subscription.source.name, subscription.id);
            let (address, message) = (Address::of(&subscription.subscriber), message.message.id);
            tracing::warn!(%project, %queue, subscription = %id, %address, message_id = %message, %reason, "a message cannot be delivered");
            // It does not hold up those behind it.
            let outcome = DeliveryOutcome::Postponed(self.now().plus_secs(UNREADABLE_FOR));
            self.recorder.record(leased, outcome);
            return Ended::Tried;
        }
        let request = match self.address(&mut leased).await {
            Addressed::ToSubscriber => None,
            Addressed::Asking(notice) => Some(notice),
            Addressed::Ended(tried) => {
                self.conclude(leased, tried).await;
                return Ended::Tried;
            }
            Addressed::NotNow(at) => return not_now(leased, at),
        };
        let subscription = &leased.owed.delivery.subscription;
        let subscriber = request.as_ref().map_or(&subscription.subscriber, |notice| &notice.subscriber);
        let Some(sender) = self.senders.find(subscriber) else {
            self.conclude(leased, self.nobody_sends()).await;
            return Ended::Tried;
        };
        let now = self.now();
        let route = self.endpoints.find(&subscription.source, subscriber, now);
        let turn = Turn::after(leased.owed.delivery.attempts);
        if turn == Turn::Retry && route.is_short(now) && self.lanes.is_used(subscription.id) {
            return not_now(leased, self.soon());
        }
        let class = route.class();
        let Some(mut place) = self.capacity.try_enter(class) else { return not_now(leased, self.soon()) };
        let mut entry = match route.enter(turn, self.zaqar.clock(), self.options.longest_attempt).await {
            Ok(entry) => entry,
            Err(NoEntry::Full) => return not_now(leased, self.soon()),
            Err(NoEntry::Until(at)) => return not_now(leased, at),
        };
        let worker = self.workers.take(class).await;
        if self.is_stopping() || self.ends_too_soon(leased.until) {
            return not_now(leased, self.now());
        }
        if self.has_expired(&leased.owed.delivery) {
            self.expire(leased).await;
            return Ended::Tried;
        }
        let notice = request.unwrap_or_else(|| notice_of(&leased.owed.delivery));
        let at = self.now();
        let sending = send(Arc::clone(sender), notice, self.options.longest_attempt);
        // In a task of its own: a panic harms this attempt only.
        let mut attempt = tokio::spawn(sending);
        let answer = tokio::select! {
            biased;
            answer = &mut attempt => answer,
            () = sleep(A_MOMENT) => {
                drop(worker);
                if let Ok(answer) = timeout(IN_TIME, &mut attempt).await {
                    answer
                } else {
                    route.mark_slow();
                    if !(self.capacity.try_slow_down(&mut place) && entry.try_slow_down()) {
                        attempt.abort();
                    }
                    attempt.await
                }
            }
        };
        let answer = answer.unwrap_or_else(|error| {
            if error.is_panic() {
                let answer = no_answer("the server failed while it made this attempt");
                Answer { verdict: Verdict::NotMade, ..answer }
            } else {
                // Broken off. That this counts as a sign keeps endpoints that hang from coming back each second.
                no_answer("no answer within a second, and too many endpoints take longer at present")
            }
        });
        if Sign::of(&answer).is_some() {
            entry.noted();
        }
        let latency_ms = self.now().as_millis().saturating_sub(at.as_millis());
        let tried = Tried { at, latency_ms: u32::try_from(latency_ms).unwrap_or(u32::MAX), answer };
        self.note(&route, turn, &leased, &tried).await;
        drop((entry, place));
        self.conclude(leased, tried).await;
        Ended::Tried
    }

    /// An attempt that began now might not end before the lease does.
    fn ends_too_soon(&self, until: Timestamp) -> bool {
        let longest = u64::try_from(self.options.longest_attempt.as_millis()).unwrap_or(u64::MAX);
        self.now().plus_millis(longest) >= until
    }

    /// After some seconds, not the same for all.
    fn soon(&self) -> Timestamp {
        let (least, most) = if self.capacity.is_crowded() { BACK_IN_A_CROWD } else { BACK_IN };
        let spread = u128::from(most - least);
        let more = u64::try_from(self.zaqar.ids().next_u128() % spread).unwrap_or(0);
        self.now().plus_millis(least + more)
    }

    fn nobody_sends(&self) -> Tried {
        let excerpt = NOBODY_SENDS.to_owned();
        let answer = Answer { verdict: Verdict::Refused, status: None, excerpt, retry_after: None };
        Tried { at: self.now(), latency_ms: 0, answer }
    }
}

async fn send(sender: Arc<dyn Sender>, notice: Notice, longest: Duration) -> Answer {
    let answer = timeout(longest, sender.send(&notice)).await;
    answer.unwrap_or_else(|_| no_answer(&format!("it took longer than {} seconds", longest.as_secs())))
}

fn no_answer(reason: &str) -> Answer {
    Answer { verdict: Verdict::TryAgain, status: None, excerpt: reason.to_owned(), retry_after: None }
}
