//! The mails that ask for a confirmation and tell of an end, as the operator words them.

use std::collections::BTreeMap;

use lettre::message::Mailbox;

/// A mail about a subscription: from whom, with which subject, and a text with places to fill in.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub(super) sender: Mailbox,
    pub(super) topic: String,
    body: Vec<Piece>,
}

/// What can be wrong with a template. Each completes the name of its option.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    #[error("has no {0}: write topic:…, body:… and sender:…")]
    Lacks(&'static str),
    #[error("has a sender that is no mail address: {0}")]
    NoSender(String),
    #[error("has a topic of more than one line")]
    NoTopic,
    #[error(
        "has a brace in its body that belongs to none of {{0}}, {{1}} and {{2}}; write {{{{ or }}}} for a brace"
    )]
    Brace,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Queue,
    Project,
    Link,
}

impl Template {
    /// From its parts: `topic`, `body` and `sender`. In the body, `{0}` stands for the queue, `{1}` for the project, `{2}`
    /// for the link, `{{` and `}}` for braces.
    pub fn new(parts: &BTreeMap<String, String>) -> Result<Self, BadTemplate> {
        let part = |name| parts.get(name).ok_or(BadTemplate::Lacks(name));
        let (topic, body, sender) = (part("topic")?, part("body")?, part("sender")?);
        if topic.contains(char::is_control) {
            return Err(BadTemplate::NoTopic);
        }
        let sender = sender.parse().map_err(|_| BadTemplate::NoSender(sender.clone()))?;
        Ok(Self { sender, topic: topic.clone(), body: pieces(body).ok_or(BadTemplate::Brace)? })
    }

    pub(super) fn body(&self, queue: &str, project: &str, link: &str) -> String {
        let pieces = self.body.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Queue => queue,
            Piece::Project => project,
            Piece::Link => link,
        });
        pieces.collect()
    }
}

fn pieces(body: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = body;
    while let Some(brace) = rest.find(['{', '}']) {
        let (text, marked) = rest.split_at(brace);
        pieces.push(Piece::Text(text.to_owned()));
        let marks = [
            ("{{", Piece::Text("{".to_owned())),
            ("}}", Piece::Text("}".to_owned())),
            ("{0}", Piece::Queue),
            ("{1}", Piece::Project),
            ("{2}", Piece::Link),
        ];
        let (mark, piece) = marks.into_iter().find(|(mark, _)| marked.starts_with(mark))?;
        pieces.push(piece);
        rest = marked.get(mark.len()..)?;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{BadTemplate, Template};

    fn template(topic: &str, body: &str, sender: &str) -> Result<Template, BadTemplate> {
        let parts = [("topic", topic), ("body", body), ("sender", sender)];
        Template::new(&parts.map(|(name, text)| (name.to_owned(), text.to_owned())).into())
    }

    #[test]
    fn places_are_filled_in_once() {
        let template = template("t", "{{{0}}} {1} {2} {0}", "Zaqar <zaqar@example.org>").unwrap();
        assert_eq!(template.body("{1}", "p", "{0}"), "{{1}} p {0} {1}");
    }

    #[test]
    fn what_cannot_become_a_mail_is_told() {
        for (made, refusal) in [
            (template("t", "{3}", "a@example.org"), BadTemplate::Brace),
            (template("t", "{}", "a@example.org"), BadTemplate::Brace),
            (template("t", "}", "a@example.org"), BadTemplate::Brace),
            (template("t\nBcc: x", "b", "a@example.org"), BadTemplate::NoTopic),
            (template("t", "b", "nobody"), BadTemplate::NoSender("nobody".to_owned())),
            (Template::new(&BTreeMap::new()), BadTemplate::Lacks("topic")),
        ] {
            assert_eq!(made, Err(refusal));
        }
    }
}
