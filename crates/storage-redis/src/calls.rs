//! Scripts with what they are given.

use redis::{Cmd, ToRedisArgs};
use zaqar_model::{SubscriptionId, Timestamp};

use crate::accounts::account_of_unknown;
use crate::connection::Request;
use crate::keys::{QueueKeys, ShardKeys};
use crate::records::millis;
use crate::scripts::Script;

/// So many bytes a key and a short argument take up at most, as a rule.
const KEY: usize = 64;
/// So many arguments have room besides the keys.
const ARGUMENTS: usize = 16;

/// A script that is about to be run.
#[derive(Debug)]
pub(crate) struct Call {
    tag: String,
    command: Cmd,
    script: &'static Script,
}

impl Call {
    /// On keys of one's own choice.
    pub(crate) fn on(script: &'static Script, shard: &ShardKeys, keys: &[String]) -> Self {
        Self::with_room(script, shard, keys, 0)
    }

    /// The same with room for arguments of so many bytes.
    pub(crate) fn with_room(
        script: &'static Script,
        shard: &ShardKeys,
        keys: &[String],
        room: usize,
    ) -> Self {
        let mut command = begin(script, keys.len(), room);
        command.arg(keys);
        Self { tag: shard.tag.clone(), command, script }
    }

    /// On all keys of a queue, and some more. The time and the queue are what it is given first.
    pub(crate) fn on_queue(
        script: &'static Script,
        queue: &QueueKeys,
        more: &[String],
        now: Timestamp,
    ) -> Self {
        let mut command = begin(script, QueueKeys::COUNT + more.len(), 0);
        queue.write_all(&mut command);
        command.arg(more).arg(millis(now)).arg(&queue.number);
        Self { tag: queue.shard.tag.clone(), command, script }
    }

    /// On all keys of a queue and a subscription to it.
    pub(crate) fn on_subscription(
        script: &'static Script,
        queue: &QueueKeys,
        id: SubscriptionId,
        now: Timestamp,
    ) -> Self {
        Self::on_queue(script, queue, &queue.with_subscription(id), now)
            .arg(&id.as_u128().to_be_bytes())
            .arg(format!("{:032x}", id.as_u128()))
            .arg(account_of_unknown())
    }

    pub(crate) fn arg(mut self, value: impl ToRedisArgs) -> Self {
        self.command.arg(value);
        self
    }
}

impl From<Call> for Request {
    fn from(call: Call) -> Self {
        Self { tag: call.tag, command: call.command, script: Some(call.script) }
    }
}

fn begin(script: &Script, keys: usize, room: usize) -> Cmd {
    let arguments = keys + ARGUMENTS;
    let mut command = Cmd::with_capacity(arguments, arguments * KEY + room);
    command.arg("EVALSHA").arg(script.name()).arg(keys);
    command
}

/// A plain command on keys of a shard.
pub(crate) fn plain(shard: &ShardKeys, command: Cmd) -> Request {
    Request { tag: shard.tag.clone(), command, script: None }
}
