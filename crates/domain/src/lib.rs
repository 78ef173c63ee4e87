//! The rules of Zaqar, whoever asks and wherever it is kept: permissions, limits, reserved attributes, dead letters.
//!
//! One noun a folder, one operation a file. Each operation is a method of [`Zaqar`], takes the [`Caller`] first, begins
//! with its permission check, so that no transport can forget it, and asks the stages of its pipeline next. Nothing here
//! knows HTTP, the JSON envelopes of a transport, or a database.
//!
//! [`Caller`]: zaqar_model::Caller

mod claims;
mod dead_letters;
mod deliveries;
mod encryption;
mod error;
mod flavors;
mod health;
mod limits;
mod marker;
mod messages;
pub mod names;
mod permissions;
mod pipeline;
mod policy;
mod pools;
mod queues;
mod repeat;
mod subscriptions;
mod zaqar;

pub use claims::{ClaimParams, NewClaim, ShownClaim};
pub use deliveries::{
    AttemptListing, EndpointHealth, EndpointState, FailureListing, LeasedDeliveries, LeasedDelivery,
    ListedAttempts, ListedFailures, Resend,
};
pub use encryption::{CannotOpen, CannotSeal, Key, KeyId, Keyring, Unreadable};
pub use error::{Absent, Error, Failure, PoolListFault, PoolUse, Refusal, Result};
pub use flavors::{FlavorListing, ListedFlavors, ShownFlavor};
pub use health::{HealthReport, OperationStatus, Readiness};
pub use limits::{
    ClientIdRule, Limits, MIN_CLAIM_GRACE, MIN_CLAIM_TTL, MIN_MESSAGE_TTL, MIN_SUBSCRIPTION_TTL,
};
pub use messages::{Draft, Listed, MessageListing, NextPage, Posting, Removal, Removed};
pub use permissions::Rule;
pub use pipeline::{Pipeline, Pipelines, Stage, StageFailure, StageResult, Stages, Verdict};
pub use policy::{KnownRule, Policy, RULES, RuleProblem, RuleText};
pub use pools::{ListedPools, PoolChange, PoolDefinition, PoolListing};
pub use queues::{
    LONGEST_DELAY, ListedQueues, MOST_RETRIES, Patch, PatchChange, PurgeScope, QueueCreation, QueueListing,
    StatsEdge, StatsReport,
};
pub use subscriptions::{
    BadSecrets, EndReason, Follower, Following, ListedSubscriptions, LiveEvent, MAX_SUBSCRIPTION_BYTES,
    Notification, ShownSubscription, SubscriberCheck, SubscriptionListing, SubscriptionParams, TrustMaker,
    TrustNotMade, WaitingConfirmation, signing_secrets, subscription_document,
};
pub use zaqar::{Stores, Zaqar};
pub use zaqar_storage::Health;
