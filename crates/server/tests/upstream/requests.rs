//! The files of requests.
//!
//! ```text
//! # A comment.
//! X-Roles: admin                                a header of all requests up to the next empty line
//! PUT /v2/queues/q {"a": 1}                     a request: method, target, and a body where there is one
//! POST /v2/queues/q/claims {"ttl": 60}
//!   Accept: text/plain                          a header of this request only; an empty value leaves it out
//!   keep claim = Location                       keeps a header of the answer …
//!   keep href = /messages/0/href                … or a part of its document, as {{href}} for later requests
//!   blank /signature                            a part of the document that is never the same
//!   unordered /subscriptions                    a list whose order means nothing
//!   differs 503 -> 400: a row's beginning       upstream's status, ours, and the row of COMPATIBILITY.md
//! WS queue_get {"queue_name": "q"}              an action by WebSocket, with its body; the answer is the whole frame
//! WS * {"action": 5}                            a frame as it stands
//! ```
//!
//! `fill.rs` tells what else may stand in double braces.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct File {
    /// Its path as a person names it.
    pub(crate) name: String,
    /// Requests of different files have to do with different projects.
    pub(crate) project: String,
    pub(crate) requests: Vec<Request>,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) line: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) body: Option<String>,
    /// What a later one of the same name replaces.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) keeps: Vec<Keep>,
    pub(crate) blanks: Vec<String>,
    pub(crate) unordered: Option<String>,
    pub(crate) difference: Option<Difference>,
}

#[derive(Debug)]
pub(crate) struct Keep {
    pub(crate) name: String,
    /// A JSON pointer, or the name of a header.
    pub(crate) source: String,
}

/// What a request says of its answers where they are not to be the same.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) upstream: u16,
    pub(crate) ours: u16,
    pub(crate) row: String,
}

/// The files of a directory by their names.
pub(crate) fn files(directory: &Path) -> Vec<File> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "requests"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> File {
    let project = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let directory = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let name = format!("requests/{directory}/{project}.requests");
    let requests = parse(&fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{name}:{error}"));
    File { name, project, requests }
}

impl File {
    /// One that is written nowhere.
    pub(crate) fn of(name: &str, text: &str) -> Self {
        let requests = parse(text).unwrap_or_else(|error| panic!("{name}:{error}"));
        Self { name: name.to_owned(), project: name.to_owned(), requests }
    }
}

fn parse(text: &str) -> Result<Vec<Request>, String> {
    let mut requests: Vec<Request> = Vec::new();
    let mut headers = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.is_empty() {
            headers.clear();
        } else if line.starts_with('#') {
        } else if let Some(detail) = line.strip_prefix("  ") {
            let request = requests.last_mut().ok_or_else(|| format!("{number}: there is no request yet"))?;
            request.add(detail).ok_or_else(|| format!("{number}: cannot be read: {detail}"))?;
        } else if let Some(header) = header(line) {
            headers.push(header);
        } else {
            let request = Request::read(number, line, &headers);
            requests.push(request.ok_or_else(|| format!("{number}: a request has a method and a target"))?);
        }
    }
    Ok(requests)
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    (!name.contains(' ')).then(|| (name.to_owned(), value.trim().to_owned()))
}

impl Request {
    pub(crate) fn read(line: usize, text: &str, headers: &[(String, String)]) -> Option<Self> {
        let (method, rest) = text.split_once(' ')?;
        let (target, body) = rest.split_once(' ').map_or((rest, None), |(target, body)| (target, Some(body)));
        Some(Self {
            line,
            method: method.to_owned(),
            target: target.to_owned(),
            body: body.map(str::to_owned),
            headers: headers.to_vec(),
            keeps: Vec::new(),
            blanks: Vec::new(),
            unordered: None,
            difference: None,
        })
    }

    /// As it would stand in a file, without what is made of the answer.
    pub(crate) fn text(&self) -> String {
        let body = self.body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
        let headers =
            self.headers.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect::<String>();
        format!("{} {}{body}\n{headers}", self.method, self.target)
    }

    fn add(&mut self, detail: &str) -> Option<()> {
        match detail.split_once(' ') {
            Some(("keep", keep)) => {
                let (name, source) = keep.split_once(" = ")?;
                self.keeps.push(Keep { name: name.to_owned(), source: source.to_owned() });
            }
            Some(("blank", pointer)) => self.blanks.push(pointer.to_owned()),
            Some(("unordered", pointer)) => self.unordered = Some(pointer.to_owned()),
            Some(("differs", difference)) => {
                let (statuses, row) = difference.split_once(": ")?;
                let (upstream, ours) = statuses.split_once(" -> ")?;
                let (upstream, ours) = (upstream.parse().ok()?, ours.parse().ok()?);
                self.difference = Some(Difference { upstream, ours, row: row.to_owned() });
            }
            _ => self.headers.push(header(detail)?),
        }
        Some(())
    }
}

#[test]
fn a_file_says_what_is_sent_and_what_is_made_of_the_answer() {
    let text = "# Queues.\nX-Roles: admin\nPUT /v2/queues/q {\"a\": 1}\n  Accept: text/plain\n  keep a = /a\n  \
                differs 503 -> 400: a row\n\nGET /v2/queues";
    let requests = parse(text).unwrap();
    assert_eq!(requests.len(), 2);
    let put = &requests[0];
    assert_eq!((put.line, put.method.as_str(), put.target.as_str()), (3, "PUT", "/v2/queues/q"));
    assert_eq!(put.body.as_deref(), Some("{\"a\": 1}"));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(put.headers, [header("X-Roles", "admin"), header("Accept", "text/plain")]);
    assert_eq!(put.keeps[0].source, "/a");
    assert_eq!(put.difference.as_ref().unwrap().row, "a row");
    // An empty line ends a header's hold.
    assert_eq!(requests[1].headers, []);
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    assert_eq!(parse("\n  keep a = /a").unwrap_err(), "2: there is no request yet");
    assert_eq!(parse("GET").unwrap_err(), "1: a request has a method and a target");
    assert_eq!(parse("GET /\n  keep a").unwrap_err(), "2: cannot be read: keep a");
}
