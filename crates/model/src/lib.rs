//! The nouns of Zaqar: values that are valid once made.
//!
//! Here live names, ids, times, and the records that storage keeps and transports show. Here do not live: I/O,
//! async, the rules of who may do what (`zaqar-domain`), and the JSON envelopes of a transport.

mod address;
mod attempts;
mod body;
mod caller;
mod claims;
mod confirmations;
mod deliveries;
mod destinations;
mod exported;
mod flavors;
mod ids;
mod json;
mod messages;
mod metadata;
mod moments;
mod names;
mod page;
mod pools;
mod queues;
mod subscriptions;
mod time;
mod trusts;

pub use address::Address;
pub use attempts::{Attempt, AttemptEnd, AttemptFilter, AttemptNumber, AttemptOutcome, AttemptRecord};
pub use body::Body;
pub use caller::{AuthToken, Caller, Identity};
pub use claims::{Claim, ClaimLease, ClaimTerms};
pub use confirmations::{ConfirmationAttempt, ConfirmationKind, ConfirmationRequest};
pub use deliveries::{
    Delivery, DeliveryOutcome, DeliveryReport, Excerpt, FailedDelivery, HeldBack, Lease, Paused,
};
pub use destinations::{Destination, DestinationKind, DestinationName, DestinationNumber};
pub use exported::{
    DeliveryStanding, ExportedBatch, ExportedCursor, ExportedDelivery, ExportedItem, ExportedMessage,
};
pub use flavors::Flavor;
pub use ids::{
    BatchId, ClaimId, IdSource, LeaseId, MessageId, MoveId, RandomIds, ServerId, StoreId, SubscriptionId,
};
pub use json::{JsonError, JsonText, MAX_JSON_DEPTH};
pub use messages::{Marker, Message, NewMessage, QueueStats, StoredMessage};
pub use metadata::Metadata;
pub use names::{ClientId, FlavorName, InvalidName, PoolName, ProjectId, QueueName, TopicName};
pub use page::{Page, PageRequest};
pub use pools::{Pool, PoolWeight, QueueMove};
pub use queues::Queue;
pub use subscriptions::{RESPECT_DELAY, Subscription, Suspension, respects_delay};
pub use time::{Clock, DelaySeconds, GraceSeconds, SubscriptionTtl, SystemClock, Timestamp, TtlSeconds};
pub use trusts::TrustRequest;
