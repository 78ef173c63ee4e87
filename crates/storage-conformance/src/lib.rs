//! What a storage driver is held to.
//!
//! * [`message_store!`] and [`management_store!`] make a test of each case: small ones, one rule of the contract each.
//! * [`check_message_store`] and [`check_management_store`] run all of them in one test.
//! * [`agreement::check`] runs random operations against a store and [`ReferenceStore`] side by side.
//! * [`cut::CutStore`] holds a store to the same while its line is cut at every call.
//! * [`ReferenceStore`] is the contract as plainly as it can be written: the oracle, and a stand-in for a real store in
//!   the tests of other crates.
//!
//! A driver's `tests/conformance.rs` says where its stores live, and names the tests:
//!
//! ```ignore
//! struct Directory(TempDir);
//!
//! fn directory() -> Directory {
//!     Directory(tempfile::tempdir().unwrap())
//! }
//!
//! #[async_trait::async_trait]
//! impl MessageFixture for Directory {
//!     async fn open(&self) -> Arc<dyn MessageStore> {
//!         Arc::new(Store::open(self.0.path()).unwrap())
//!     }
//! }
//!
//! zaqar_storage_conformance::message_store!(in_a_directory, directory);
//!
//! #[test]
//! fn it_agrees_with_the_model() {
//!     agreement::check(directory, agreement::Config::default());
//! }
//! ```
//!
//! Time comes from a [`ManualClock`] that stands still until a case moves it; no case sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a library of tests: an assertion that fails is its answer"
)]

pub mod agreement;
mod bench;
#[allow(unreachable_pub, reason = "each case is a public function, by which the list is held to be complete")]
mod cases;
mod clock;
pub mod cut;
mod fixture;
mod list;
mod model_placement;
mod reference_store;
mod run;
pub mod samples;
mod short_calls;

/// What [`message_store!`] makes tests of.
#[doc(hidden)]
pub mod message_cases {
    crate::__message_cases! { __runners, message_case, MakeFixture }
}

/// What [`management_store!`] makes tests of.
#[doc(hidden)]
pub mod management_cases {
    crate::__management_cases! { __runners, management_case, MakeManagementFixture }
}

__message_cases! { __together, check_message_store, message_cases, MessageFixture }
__management_cases! { __together, check_management_store, management_cases, ManagementFixture }

pub use bench::{ManagementBench, MessageBench, TestMove, TestQueue};
pub use clock::ManualClock;
pub use fixture::{ManagementFixture, MessageFixture};
pub use model_placement::ModelPlacement;
pub use reference_store::ReferenceStore;
pub use short_calls::{LeaseDue, PopMessages, PostMessages, RegisterPools};
