//! Answers of Keystone, for as long as they are believed.
//!
//! However many wait for the answer to one question, one of them asks; when it is gone before the answer, the next one
//! asks.

use std::fmt;
use std::hash::Hash;

use quick_cache::sync::Cache;
use zaqar_model::{Clock, Timestamp};

pub(super) struct Answers<Q, A>(Cache<Q, Kept<A>>);

#[derive(Clone)]
struct Kept<A> {
    answer: A,
    until: Timestamp,
}

/// Answers hold secrets.
impl<Q, A> fmt::Debug for Answers<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

impl<Q: Clone + Eq + Hash, A: Clone> Answers<Q, A> {
    /// So many are kept. What was asked for once gives way first.
    pub(super) fn new(kept: usize) -> Self {
        Self(Cache::new(kept))
    }

    /// `ask` gets an answer, and the moment until which it is believed.
    pub(super) async fn get_or_ask(
        &self,
        question: Q,
        clock: &dyn Clock,
        ask: impl Future<Output = (A, Timestamp)>,
    ) -> A {
        let now = clock.now();
        match self.0.get(&question) {
            Some(kept) if now < kept.until => return kept.answer,
            Some(_) => self.forget_if(&question, |kept| kept.until <= now),
            None => {}
        }
        match self.0.get_value_or_guard_async(&question).await {
            Ok(kept) => kept.answer,
            Err(guard) => {
                let (answer, until) = ask.await;
                // Where there is no room for it, the next one asks again.
                let _ = guard.insert(Kept { answer: answer.clone(), until });
                answer
            }
        }
    }

    /// Forgets an answer that turned out to be wrong, unless there is another one by now.
    pub(super) fn forget(&self, question: &Q, is_wrong: impl Fn(&A) -> bool) {
        self.forget_if(question, |kept| is_wrong(&kept.answer));
    }

    fn forget_if(&self, question: &Q, condition: impl Fn(&Kept<A>) -> bool) {
        self.0.remove_if(question, condition);
    }
}
