//! What a rule demands, as a tree.

use std::borrow::Cow;

/// A rule that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Always,
    Never,
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    /// What the rule of this name demands.
    Rule(String),
    Role(Template),
    /// A constant, as Python would print it, against what is wanted.
    Constant(String, Template),
    /// Something known of the caller against what is wanted.
    Attribute(String, Template),
}

impl Check {
    /// The checks that this one is made of, itself among them.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        let mut parts = vec![self];
        let mut next = 0;
        while let Some(part) = parts.get(next) {
            next += 1;
            match part {
                Self::Not(inner) => parts.push(inner),
                Self::All(inner) | Self::Any(inner) => parts.extend(inner),
                _ => {}
            }
        }
        parts
    }
}

/// A text with places that the target of an operation fills: `%(name)s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Target(String),
}

/// What an operation is done to, as names and values.
pub(crate) type Target<'a> = [(&'a str, &'a str)];

impl Template {
    /// # Errors
    ///
    /// Why it is none, as a sentence.
    pub(crate) fn parse(mut text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        while let Some((before, after)) = text.split_once('%') {
            push(&mut pieces, before);
            if let Some(rest) = after.strip_prefix('%') {
                push(&mut pieces, "%");
                text = rest;
            } else {
                let place = after.strip_prefix('(').and_then(|after| after.split_once(")s"));
                let (name, rest) = place.ok_or("`%` begins `%(name)s` or is doubled")?;
                pieces.push(Piece::Target(name.to_owned()));
                text = rest;
            }
        }
        push(&mut pieces, text);
        Ok(Self(pieces))
    }

    /// Nothing, if the target does not have what is asked for.
    pub(crate) fn fill(&self, target: &Target<'_>) -> Option<Cow<'_, str>> {
        if let [Piece::Text(text)] = self.0.as_slice() {
            return Some(Cow::Borrowed(text));
        }
        let mut filled = String::new();
        for piece in &self.0 {
            filled.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Target(name) => target.iter().find(|(own, _)| own == name)?.1,
            });
        }
        Some(Cow::Owned(filled))
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}
