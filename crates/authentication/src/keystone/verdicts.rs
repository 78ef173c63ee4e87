//! What is known of tokens, for as long as it is believed.
//!
//! A token itself is not kept, only its digest. However many wait for the verdict on one token, one of them asks; when it
//! is gone before the answer, the next one asks.

use std::fmt;
use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use zaqar_model::{Clock, Timestamp};

use super::token::Token;

/// So many are kept. What was asked for once gives way first, so made-up tokens do not drive out those in use.
const KEPT: usize = 20_000;
/// Seconds for which a token that is not good stays so, if verdicts are believed for so long at all.
const BAD_FOR: u64 = 5;
/// Seconds for which nobody asks again after Keystone could not be asked.
const UNAVAILABLE_FOR: u64 = 1;

#[derive(Clone, Debug)]
pub(super) enum Verdict {
    Good(Arc<Token>),
    Bad,
    /// Keystone could not be asked.
    Unavailable,
}

/// A token, and whether an expired one will do.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Question {
    digest: [u8; 32],
    even_expired: bool,
}

impl Question {
    pub(super) fn new(token: &str, even_expired: bool) -> Self {
        Self { digest: Sha256::digest(token.as_bytes()).into(), even_expired }
    }
}

#[derive(Clone)]
struct Kept {
    verdict: Verdict,
    until: Timestamp,
}

pub(super) struct Verdicts {
    kept: Cache<Question, Kept>,
    cache_time: u64,
}

impl fmt::Debug for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdicts").field("cache_time", &self.cache_time).finish_non_exhaustive()
    }
}

impl Verdicts {
    /// Verdicts are believed for `cache_time` seconds.
    pub(super) fn new(cache_time: u64) -> Self {
        Self { kept: Cache::new(KEPT), cache_time }
    }

    pub(super) async fn get_or_ask(
        &self,
        question: Question,
        clock: &dyn Clock,
        ask: impl Future<Output = Verdict>,
    ) -> Verdict {
        let now = clock.now();
        match self.kept.get(&question) {
            Some(kept) if now < kept.until => return kept.verdict,
            Some(_) => {
                self.kept.remove_if(&question, |kept| kept.until <= now);
            }
            None => {}
        }
        match self.kept.get_value_or_guard_async(&question).await {
            Ok(kept) => kept.verdict,
            Err(guard) => {
                let verdict = ask.await;
                // Counted from when it was asked, so that what takes long is not believed longer.
                let until = match verdict {
                    Verdict::Good(_) => now.plus_secs(self.cache_time),
                    Verdict::Bad => now.plus_secs(self.cache_time.min(BAD_FOR)),
                    Verdict::Unavailable => clock.now().plus_secs(UNAVAILABLE_FOR),
                };
                // Where there is no room for it, the next one asks again.
                let _ = guard.insert(Kept { verdict: verdict.clone(), until });
                verdict
            }
        }
    }
}
