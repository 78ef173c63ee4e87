//! Performs steps on a new service: those of both projects, or of one alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde_json::Value;
use zaqar_domain::{Limits, Stores};
use zaqar_model::{Clock, IdSource};
use zaqar_storage_conformance::ManualClock;

use super::known::{Known, NO_ID, Names};
use super::steps::Step;
use crate::fixture::{Fixture, PATCH, request};

pub(super) struct Run {
    fixture: Fixture,
    ids: Arc<OwnIds>,
    known: [Known; 2],
}

/// A step that was performed in the run with both projects.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) answer: String,
    /// The names of the other project in the request.
    names_of_the_other: Option<Names>,
}

impl Run {
    pub(super) fn new(stores: Stores) -> Self {
        let clock = Arc::new(ManualClock::new());
        let ids = Arc::new(OwnIds::default());
        let now: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let source: Arc<dyn IdSource> = Arc::<OwnIds>::clone(&ids);
        Self {
            fixture: Fixture::over(stores, Limits::default(), clock, now, source),
            ids,
            known: Default::default(),
        }
    }

    pub(super) async fn of_both(mut self, steps: &[Step]) -> Vec<Done> {
        let mut done = Vec::new();
        for step in steps {
            self.fixture.clock.advance_secs(step.seconds);
            let other = step.with_names_of_the_other.then(|| self.known[1 - step.project].names(step.pick));
            if let Some(names) = &other {
                self.known[step.project].of_the_other.insert(names.message.clone());
            }
            let answer = self.perform(step, other.clone()).await;
            done.push(Done { answer, names_of_the_other: other });
        }
        done
    }

    /// The steps of the other project only advance the clock.
    pub(super) async fn of_one(
        mut self,
        project: usize,
        steps: &[Step],
        together: &[Done],
    ) -> Vec<Option<String>> {
        let mut stand_ins: BTreeMap<String, String> = BTreeMap::new();
        let mut answers = Vec::new();
        for (step, done) in steps.iter().zip(together) {
            self.fixture.clock.advance_secs(step.seconds);
            if step.project != project {
                answers.push(None);
                continue;
            }
            let mut names = done.names_of_the_other.clone();
            if let Some(names) = names.as_mut().filter(|names| names.message != NO_ID) {
                // A store may assign an id to different projects in different runs. Here it must be the id of nothing.
                let number = stand_ins.len();
                let stand_in = stand_ins.entry(names.message.clone());
                names.message =
                    stand_in.or_insert_with(|| format!("ffffffff-ffff-4fff-8fff-{number:012x}")).clone();
                self.known[project].of_the_other.insert(names.message.clone());
            }
            answers.push(Some(self.perform(step, names).await));
        }
        answers
    }

    async fn perform(&mut self, step: &Step, names: Option<Names>) -> String {
        self.ids.owner.store(step.project, Ordering::SeqCst);
        let names = names.unwrap_or_else(|| self.known[step.project].names(step.pick));
        let (method, path, body) = step.request;
        let (path, is_signed) = path.strip_suffix(" {url}").map_or((path, false), |path| (path, true));
        let path = path
            .replace("{place}", step.place)
            .replace("{message}", &names.message)
            .replace("{claim}", &names.claim)
            .replace("{subscription}", &names.subscription)
            .replace("{link}", &names.link);
        let body = body.replace("{message}", &names.message);
        let mut request = request(method, &path, &body);
        let headers = request.headers_mut();
        headers.insert("x-project-id", ["first", "second"][step.project].parse().unwrap());
        if body.starts_with('[') {
            headers.insert("content-type", PATCH.parse().unwrap());
        }
        if is_signed {
            for (header, member) in [
                ("url-signature", "signature"),
                ("url-expires", "expires"),
                ("url-methods", "methods"),
                ("url-paths", "paths"),
            ] {
                headers.insert(header, joined(&names.url[member]).parse().unwrap());
            }
        }
        let answer = self.fixture.send(request).await;
        let known = &mut self.known[step.project];
        known.learn(&answer);
        known.comparable(&answer)
    }
}

fn joined(value: &Value) -> String {
    let texts = value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    texts.map_or_else(|| value.as_str().unwrap_or_default().to_owned(), |texts| texts.join(","))
}

/// A separate sequence of ids for each project, so that they are the same with and without the other project.
#[derive(Debug, Default)]
struct OwnIds {
    owner: AtomicUsize,
    drawn: [AtomicU64; 2],
}

impl IdSource for OwnIds {
    fn next_u128(&self) -> u128 {
        let owner = self.owner.load(Ordering::SeqCst);
        let number = self.drawn[owner].fetch_add(1, Ordering::SeqCst) * 2 + owner as u64;
        // Mixed, so that ids are not ordered by time.
        u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }
}
