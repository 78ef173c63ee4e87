//! Ids: 128-bit values shown as UUIDs, and the source that new ones are drawn from.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::Timestamp;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            pub const fn from_u128(value: u128) -> Self {
                Self(value)
            }

            pub const fn as_u128(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&Uuid::from_u128(self.0), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(|id| Self(id.as_u128()))
            }
        }
    };
}

id! {
    /// Names a message within its queue. Clients treat it as opaque text.
    MessageId
}
id! {
    /// Names messages that are posted together, so that a post can be repeated.
    BatchId
}
id! {
    /// Names a claim within its queue. Whoever knows it may act on the claim's messages.
    ClaimId
}
id! {
    /// Names a subscription within its queue or topic.
    SubscriptionId
}
id! {
    /// Names a batch of deliveries that one notifier has leased.
    LeaseId
}
id! {
    /// Names a server process, for as long as it runs.
    ServerId
}

id! {
    /// Names the place where a message store keeps what it holds. Drawn when the place is made.
    StoreId
}

id! {
    /// Names one attempt to move a queue to another store. Of two attempts the later has the greater id: a store refuses one
    /// that was overtaken.
    MoveId
}

impl MoveId {
    /// A new one, greater than the last one of the same queue. Its upper half is the time in milliseconds, or the one behind
    /// the upper half of the last one; the rest is random.
    pub fn after(last: Option<Self>, now: Timestamp, ids: &dyn IdSource) -> Self {
        let behind = last.map_or(0, |last| (last.0 >> 64).saturating_add(1)).min(u128::from(u64::MAX));
        let upper = u128::from(now.as_millis()).max(behind);
        Self((upper << 64) | (ids.next_u128() >> 64))
    }
}

/// Where new ids come from. Injected once, by the server.
pub trait IdSource: Send + Sync + fmt::Debug {
    /// 128 bits that no one can guess and that do not come twice.
    fn next_u128(&self) -> u128;
}

/// Version 4 UUIDs (RFC 9562) from the operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that draws random ids")]
    fn next_u128(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}

#[cfg(test)]
mod tests {
    use super::{MessageId, MoveId, RandomIds};
    use crate::Timestamp;

    #[test]
    fn an_id_is_shown_as_a_hyphenated_uuid_and_read_back() {
        let id = MessageId::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(id.to_string(), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_later_move_has_the_greater_id_whatever_the_clock_says() {
        let first = MoveId::after(None, Timestamp::from_secs(1000), &RandomIds);
        let later = MoveId::after(None, Timestamp::from_secs(1001), &RandomIds);
        let behind = MoveId::after(Some(later), Timestamp::from_secs(900), &RandomIds);
        assert!(first < later && later < behind, "{first} {later} {behind}");
    }
}
