//! What is known of tokens, for as long as it is believed. A token itself is not kept, only its digest.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use zaqar_model::Clock;

use super::answers::Answers;
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

#[derive(Debug)]
pub(super) struct Verdicts {
    answers: Answers<Question, Verdict>,
    cache_time: u64,
}

impl Verdicts {
    /// Verdicts are believed for `cache_time` seconds.
    pub(super) fn new(cache_time: u64) -> Self {
        Self { answers: Answers::new(KEPT), cache_time }
    }

    pub(super) async fn get_or_ask(
        &self,
        question: Question,
        clock: &dyn Clock,
        ask: impl Future<Output = Verdict>,
    ) -> Verdict {
        let ask = async {
            // Counted from when it is asked, so that what takes long is not believed longer.
            let now = clock.now();
            let verdict = ask.await;
            let until = match verdict {
                Verdict::Good(_) => now.plus_secs(self.cache_time),
                Verdict::Bad => now.plus_secs(self.cache_time.min(BAD_FOR)),
                Verdict::Unavailable => clock.now().plus_secs(UNAVAILABLE_FOR),
            };
            (verdict, until)
        };
        self.answers.get_or_ask(question, clock, ask).await
    }
}
