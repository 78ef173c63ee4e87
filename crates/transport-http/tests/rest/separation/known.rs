//! What a project knows from its responses, and how responses are compared.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fixture::Answer;
use crate::ids;

/// The values of the placeholders in a request.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) message: String,
    pub(super) claim: String,
    pub(super) subscription: String,
    pub(super) link: String,
    /// The result of `share`.
    pub(super) url: Value,
}

#[derive(Debug, Default)]
pub(super) struct Known {
    messages: Vec<String>,
    claims: Vec<String>,
    subscriptions: Vec<String>,
    links: Vec<String>,
    urls: Vec<Value>,
    /// Every id in the order in which it was seen first.
    seen: Vec<String>,
    /// Ids of messages of the other project that this project has requested.
    pub(super) of_the_other: BTreeSet<String>,
}

/// An id of nothing.
pub(super) const NO_ID: &str = "00000000-0000-4000-8000-000000000000";

impl Known {
    pub(super) fn names(&self, pick: usize) -> Names {
        let of =
            |known: &[String], otherwise: &str| nth(known, pick).map_or(otherwise.to_owned(), String::clone);
        Names {
            message: of(&self.messages, NO_ID),
            claim: of(&self.claims, NO_ID),
            subscription: of(&self.subscriptions, NO_ID),
            link: of(&self.links, "/v2/queues"),
            url: nth(&self.urls, pick).cloned().unwrap_or_default(),
        }
    }

    pub(super) fn learn(&mut self, answer: &Answer) {
        let text = whole(answer);
        for (list, before) in [
            (&mut self.messages, "/messages/"),
            (&mut self.claims, "/claims/"),
            (&mut self.subscriptions, "\"subscription_id\": \""),
        ] {
            for id in text.split(before).skip(1).filter_map(ids::at_start) {
                if !list.iter().any(|known| known == id) {
                    list.push(id.to_owned());
                }
            }
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.links.extend(body["links"][0]["href"].as_str().map(str::to_owned));
        if body["signature"].is_string() {
            self.urls.push(body);
        }
    }

    /// The response with each id replaced by its number in the order of appearance.
    pub(super) fn comparable(&mut self, answer: &Answer) -> String {
        ids::replaced(&whole(answer), |id| self.number(id))
    }

    fn number(&mut self, id: &str) -> String {
        if id == NO_ID {
            return "<none>".to_owned();
        }
        if self.of_the_other.contains(id) {
            return "<the other's>".to_owned();
        }
        let place = self.seen.iter().position(|seen| seen == id).unwrap_or_else(|| {
            self.seen.push(id.to_owned());
            self.seen.len() - 1
        });
        format!("<{place}>")
    }
}

fn nth<T>(known: &[T], pick: usize) -> Option<&T> {
    // From the end: newer ones are more likely to exist still.
    known.iter().rev().nth(pick.min(known.len().saturating_sub(1)))
}

/// Status, headers and body, without the parts that always differ between runs.
fn whole(answer: &Answer) -> String {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-openstack-request-id");
    let headers: Vec<_> =
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    ids::without_queue_numbers(&format!("{} {headers:?} {}", answer.status, answer.text()))
}
