//! The requests of a file, one after the other to both services, and what came of them.

use serde_json::Value;

use crate::answer::{Answer, Ids};
use crate::explained;
use crate::fill::{Kept, fill};
use crate::ledger::Ledger;
use crate::pair::{Pair, Side};
use crate::requests::{Difference, File, Keep, Request};
use crate::support::http::Response;

#[derive(Default)]
pub(crate) struct Tally {
    requests: usize,
    equal: usize,
    /// Different as the request says.
    listed: usize,
    pub(crate) complaints: Vec<String>,
}

/// What is known of one side, for the requests of one file.
struct Memory {
    kept: Kept,
    ids: Ids,
}

pub(crate) fn play(file: &File, pair: &mut Pair, ledger: &Ledger, tally: &mut Tally) {
    let (mut of_upstream, mut of_ours) = (Memory::of(&pair.upstream), Memory::of(&pair.ours));
    for request in &file.requests {
        let (upstream, ours) = of_both(file, request, pair, &mut of_upstream, &mut of_ours);
        tally.requests += 1;
        let complaint = match &request.difference {
            None if upstream == ours => {
                tally.equal += 1;
                continue;
            }
            None => "the answers differ",
            Some(_) if upstream == ours => "the answers are the same: take the line `differs` away",
            Some(difference) if !difference.is(&upstream, &ours) => "the answers differ in another way",
            Some(difference) if !ledger.has(&difference.row) => {
                "COMPATIBILITY.md has no row, or several, that begin like the one named"
            }
            Some(_) => {
                tally.listed += 1;
                continue;
            }
        };
        tally.complain(&file.name, request, complaint, &upstream, &ours);
    }
}

/// A scenario of random requests. It ends with the first difference: from then on the two know different things.
pub(crate) fn play_random(file: &File, pair: &mut Pair, ledger: &Ledger, tally: &mut Tally) {
    let (mut of_upstream, mut of_ours) = (Memory::of(&pair.upstream), Memory::of(&pair.ours));
    let mut so_far = String::new();
    for request in &file.requests {
        if !(of_upstream.can_ask(request) && of_ours.can_ask(request)) {
            continue;
        }
        let (upstream, ours) = of_both(file, request, pair, &mut of_upstream, &mut of_ours);
        tally.requests += 1;
        so_far.push_str(&request.text());
        if upstream == ours {
            tally.equal += 1;
            continue;
        }
        let complaint = match explained::by(upstream.status, ours.status, &request.text(), &so_far) {
            Some(row) if ledger.has(row) => {
                tally.listed += 1;
                return;
            }
            Some(row) => format!("COMPATIBILITY.md has no row, or several, that begin: {row}"),
            None => format!("after\n{so_far}"),
        };
        tally.complain(&file.name, request, &complaint, &upstream, &ours);
        return;
    }
}

fn of_both(
    file: &File,
    request: &Request,
    pair: &mut Pair,
    of_upstream: &mut Memory,
    of_ours: &mut Memory,
) -> (Answer, Answer) {
    let upstream = of_upstream.ask(&mut pair.upstream, request, &file.project);
    (upstream, of_ours.ask(&mut pair.ours, request, &file.project))
}

impl Memory {
    fn of(side: &Side) -> Self {
        Self { kept: side.given.clone(), ids: Ids::new(&side.given["pool"]) }
    }

    /// Whether all that a request names was kept.
    fn can_ask(&self, request: &Request) -> bool {
        !fill(&request.target, &self.kept).windows(2).any(|bytes| bytes == b"{{")
    }

    fn ask(&mut self, side: &mut Side, request: &Request, project: &str) -> Answer {
        let response = side.send(request, project, &self.kept).unwrap_or_else(|error| {
            panic!(
                "line {} of {project}: no answer to {} {}: {error}",
                request.line, request.method, request.target
            )
        });
        for keep in &request.keeps {
            self.kept.extend(keep.of(&response).map(|value| (keep.name.clone(), value)));
        }
        self.ids.blank(&response, request)
    }
}

impl Keep {
    fn of(&self, response: &Response) -> Option<String> {
        if !self.source.starts_with('/') {
            return response.header(&self.source).map(str::to_owned);
        }
        let document: Value = serde_json::from_slice(&response.body).ok()?;
        match document.pointer(&self.source)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

impl Difference {
    fn is(&self, upstream: &Answer, ours: &Answer) -> bool {
        (self.upstream, self.ours) == (upstream.status, ours.status)
    }
}

impl Tally {
    fn complain(&mut self, file: &str, request: &Request, complaint: &str, upstream: &Answer, ours: &Answer) {
        self.complaints.push(format!(
            "{file}:{}: {} {}\n  {complaint}\n  upstream {upstream}\n  ours     {ours}",
            request.line, request.method, request.target,
        ));
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "{} requests, {} equal, {} listed differences, {} complaints",
            self.requests,
            self.equal,
            self.listed,
            self.complaints.len()
        )
    }
}
