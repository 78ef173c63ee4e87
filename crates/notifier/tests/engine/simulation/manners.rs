//! How endpoints behave.

use std::time::Duration;

use zaqar_model::Timestamp;
use zaqar_notifier::{Answer, Verdict, judge};

/// All moments are in seconds since the endpoint was first asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// It answers 200 after so many milliseconds.
    Well {
        latency: u64,
    },
    /// It answers this to bad messages, at once.
    Fails {
        status: u16,
    },
    /// It does not answer bad messages, and is given up after so many seconds.
    HangsAt {
        time: u64,
    },
    /// It takes so many in each second, answers 429 to more, and says when to come again or does not.
    Limited {
        per_second: u32,
        says_when: bool,
    },
    /// The same without saying, and it answers 500 to bad messages.
    LimitedAndFails {
        per_second: u32,
    },
    /// There is no connection until then.
    NotThere {
        until: u64,
    },
    /// It answers 500 to all until then.
    FailsUntil {
        until: u64,
    },
    /// It is there for so many seconds, then answers 503 for as long, and so on.
    ComesAndGoes {
        every: u64,
    },
    /// It answers 503 and asks to be left alone for so many seconds.
    AsksToWait {
        time: u64,
    },
    Gone,
}

/// What an endpoint remembers.
#[derive(Debug, Default)]
pub(super) struct Memory {
    began: Option<Timestamp>,
    second: u64,
    taken: u32,
}

impl Manner {
    /// How long it takes, and the answer.
    pub(super) fn answer(self, memory: &mut Memory, body: &str, now: Timestamp) -> (Duration, Answer) {
        let is_bad = body.starts_with("bad");
        let began = *memory.began.get_or_insert(now);
        let second = now.secs_since(began);
        let quick = Duration::from_millis(1);
        match self {
            Self::Well { latency } => (Duration::from_millis(latency), status(200)),
            Self::Fails { status: bad } => (quick, status(if is_bad { bad } else { 200 })),
            Self::HangsAt { time } if is_bad => (Duration::from_secs(time), nothing("no answer in time")),
            Self::HangsAt { .. } => (quick, status(200)),
            Self::Limited { per_second, says_when } => {
                let answer = memory.limited(per_second, second);
                let retry_after = (says_when && answer.status == Some(429)).then_some(Duration::from_secs(1));
                (quick, Answer { retry_after, ..answer })
            }
            Self::LimitedAndFails { per_second } => match memory.limited(per_second, second) {
                answer if answer.status == Some(200) && is_bad => (quick, status(500)),
                answer => (quick, answer),
            },
            Self::NotThere { until } if second < until => (quick, nothing("no connection")),
            Self::FailsUntil { until } if second < until => (quick, status(500)),
            Self::ComesAndGoes { every } if second / every % 2 == 1 => (quick, status(503)),
            Self::NotThere { .. } | Self::FailsUntil { .. } | Self::ComesAndGoes { .. } => {
                (quick, status(200))
            }
            Self::AsksToWait { time } => {
                (quick, Answer { retry_after: Some(Duration::from_secs(time)), ..status(503) })
            }
            Self::Gone => (quick, status(410)),
        }
    }
}

impl Memory {
    fn limited(&mut self, per_second: u32, second: u64) -> Answer {
        if self.second != second {
            (self.second, self.taken) = (second, 0);
        }
        if self.taken == per_second {
            return status(429);
        }
        self.taken += 1;
        status(200)
    }
}

fn status(status: u16) -> Answer {
    Answer { verdict: judge(status), status: Some(status), excerpt: String::new(), retry_after: None }
}

fn nothing(excerpt: &str) -> Answer {
    Answer { verdict: Verdict::TryAgain, status: None, excerpt: excerpt.to_owned(), retry_after: None }
}
