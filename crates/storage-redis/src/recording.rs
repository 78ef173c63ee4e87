//! How deliveries ended.

use std::collections::{BTreeMap, HashSet};

use zaqar_model::{AttemptEnd, DeliveryOutcome, DeliveryReport, LeaseId, SubscriptionId, Timestamp};
use zaqar_storage::{StorageError, StorageResult};

use crate::RedisMessageStore;
use crate::accounts::{DELIVERED, EXHAUSTED, RETRY, account};
use crate::calls::Call;
use crate::connection::{Effect, Reply, Request};
use crate::keys::QueueKeys;
use crate::records::{millis, position};
use crate::scripts;

const EXPIRED: u8 = 3;
const POSTPONED: u8 = 4;
/// What `record.lua` answers where the queue lives elsewhere.
const LIVES_ELSEWHERE: i64 = -1;
/// So many reports of a subscription go into one step.
const SOME: usize = 200;

impl RedisMessageStore {
    /// Each subscription in a step of its own.
    pub(crate) async fn record_all(
        &self,
        lease: LeaseId,
        reports: &[DeliveryReport],
        now: Timestamp,
    ) -> StorageResult<()> {
        self.check_open()?;
        let mut seen = HashSet::new();
        let mut groups: BTreeMap<(u64, SubscriptionId), Vec<&DeliveryReport>> = BTreeMap::new();
        for report in reports {
            let number = report.source.number.get();
            if seen.insert((number, report.subscription, report.position)) {
                groups.entry((number, report.subscription)).or_default().push(report);
            }
        }
        let some = groups.values().flat_map(|group| group.chunks(SOME));
        let mut left: Vec<&[&DeliveryReport]> = some.collect();
        let mut result = Ok(());
        while !left.is_empty() {
            let requests: Vec<Request> = left.iter().map(|group| self.recording(lease, group, now)).collect();
            let answers = self.ask_all(&requests, Effect::Write).await?;
            let mut again = Vec::new();
            for (group, answer) in left.into_iter().zip(answers) {
                match answer.int()? {
                    LIVES_ELSEWHERE => result = Err(StorageError::Moved),
                    0 => {}
                    _ => again.push(group),
                }
            }
            left = again;
        }
        let shards = reports.iter().map(|report| self.keys(&report.source).shard);
        let shards: BTreeMap<String, _> = shards.map(|shard| (shard.tag.clone(), shard)).collect();
        shards.values().for_each(|shard| self.hints.due(shard));
        result
    }

    fn recording(&self, lease: LeaseId, group: &[&DeliveryReport], now: Timestamp) -> Request {
        let first = group[0];
        let queue: QueueKeys = self.keys(&first.source);
        let mut call = Call::on_subscription(&scripts::RECORD, &queue, first.subscription, now)
            .arg(&lease.as_u128().to_be_bytes());
        for report in group {
            call = with_report(call.arg(position(report.position)), &report.outcome);
        }
        call.into()
    }
}

fn with_report(call: Call, outcome: &DeliveryOutcome) -> Call {
    let (kind, due, reason, attempt) = match outcome {
        DeliveryOutcome::Delivered(attempt) => {
            (DELIVERED, None, None, Some((attempt, AttemptEnd::Delivered)))
        }
        DeliveryOutcome::RetryAt(due, attempt) => {
            (RETRY, Some(*due), None, Some((attempt, AttemptEnd::RetryAt(*due))))
        }
        DeliveryOutcome::GivenUp(reason, attempt) => {
            (EXHAUSTED, None, Some(reason), Some((attempt, AttemptEnd::GivenUp)))
        }
        DeliveryOutcome::Expired(reason) => (EXPIRED, None, Some(reason), None),
        DeliveryOutcome::Postponed(due) => (POSTPONED, Some(*due), None, None),
    };
    call.arg(kind)
        .arg(due.map(millis).unwrap_or_default())
        .arg(reason.map(|reason| reason.as_str()).unwrap_or_default())
        .arg(attempt.map(|(attempt, _)| millis(attempt.at)).unwrap_or_default())
        .arg(attempt.map(|(attempt, end)| account(attempt, end, None)).unwrap_or_default())
}
