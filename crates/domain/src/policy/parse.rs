//! Reads the language of rules, which is oslo.policy's: checks `kind:what`, `@`, `!`, joined by `not`, `and`, `or` and
//! parentheses; `not` binds closest, then `and`. What oslo.policy cannot read it takes for a refusal, and says so in a
//! log; here it is an error.

use super::check::{Check, Template};

/// How deep parentheses and `not` may be nested.
const DEEPEST: usize = 32;
/// The longest expression, in bytes.
const LONGEST: usize = 64 << 10;

/// A rule as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleText {
    Expression(String),
    /// The form of old files: one of these lists must hold, with all that is in it.
    Lists(Vec<Vec<String>>),
}

impl RuleText {
    /// # Errors
    ///
    /// What is wrong, and where.
    pub(crate) fn parse(&self) -> Result<Check, String> {
        match self {
            Self::Expression(text) => expression(text),
            Self::Lists(lists) => alternatives(lists),
        }
    }
}

fn alternatives(lists: &[Vec<String>]) -> Result<Check, String> {
    if lists.is_empty() {
        return Ok(Check::Always);
    }
    let mut any = Vec::new();
    for list in lists.iter().filter(|list| !list.is_empty()) {
        let all = list.iter().map(|text| single(text)).collect::<Result<Vec<_>, _>>()?;
        any.push(joined(all, Check::All));
    }
    Ok(if any.is_empty() { Check::Never } else { joined(any, Check::Any) })
}

fn expression(text: &str) -> Result<Check, String> {
    if text.is_empty() {
        return Ok(Check::Always);
    }
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, end: text.chars().count() + 1 };
    let check = parser.any(0)?;
    match parser.tokens.first() {
        None => Ok(check),
        Some((at, token)) => Err(format!("{} at character {at} does not belong there", token.shown())),
    }
}

#[derive(Debug)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Check(Check),
}

impl Token {
    const fn shown(&self) -> &'static str {
        match self {
            Self::Open => "the parenthesis `(`",
            Self::Close => "the parenthesis `)`",
            Self::And => "the word `and`",
            Self::Or => "the word `or`",
            Self::Not => "the word `not`",
            Self::Check(_) => "the check",
        }
    }
}

/// The tokens, each with the number of its first character, from 1. Parentheses stand at the ends of words: within one
/// they belong to it.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut tokens = Vec::new();
    for (start, word) in words(text) {
        let inner = word.trim_start_matches('(');
        let opening = word.len() - inner.len();
        tokens.extend((0..opening).map(|index| (start + index, Token::Open)));
        let start = start + opening;
        let word = inner.trim_end_matches(')');
        let token = match word.to_lowercase().as_str() {
            "" => None,
            "and" => Some(Token::And),
            "or" => Some(Token::Or),
            "not" => Some(Token::Not),
            _ if is_quoted(inner) => return Err(format!("a text in quotes is no check (character {start})")),
            _ => {
                let check = single(word).map_err(|reason| format!("{reason} (character {start})"))?;
                Some(Token::Check(check))
            }
        };
        tokens.extend(token.map(|token| (start, token)));
        let start = start + word.chars().count();
        tokens.extend((0..inner.len() - word.len()).map(|index| (start + index, Token::Close)));
    }
    Ok(tokens)
}

/// What stands between white space, with the number of its first character.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut begun = None;
    for (number, (place, c)) in text.char_indices().enumerate() {
        // Python counts four separators among white space that Unicode does not.
        let space = c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
        match begun {
            Some((number, from)) if space => {
                words.push((number, &text[from..place]));
                begun = None;
            }
            None if !space => begun = Some((number + 1, place)),
            _ => {}
        }
    }
    words.extend(begun.map(|(number, from)| (number, &text[from..])));
    words
}

fn is_quoted(word: &str) -> bool {
    word.len() >= 2 && ['"', '\''].iter().any(|quote| word.starts_with(*quote) && word.ends_with(*quote))
}

/// A check without any operator.
fn single(text: &str) -> Result<Check, String> {
    match text {
        "@" => return Ok(Check::Always),
        "!" => return Ok(Check::Never),
        _ => {}
    }
    let (kind, wanted) =
        text.split_once(':').ok_or("a check is `@`, `!` or two parts with a colon between them")?;
    match kind {
        "" => Err("there is nothing before the colon".to_owned()),
        "rule" => Ok(Check::Rule(wanted.to_owned())),
        "http" | "https" => Err("servers that decide about a rule cannot be asked".to_owned()),
        "role" => Ok(Check::Role(Template::parse(wanted)?)),
        "True" | "False" | "None" => Ok(Check::Constant(kind.to_owned(), Template::parse(wanted)?)),
        _ => {
            let wanted = Template::parse(wanted)?;
            match kind.chars().next() {
                Some('"' | '\'') => Ok(Check::Constant(unquoted(kind)?.to_owned(), wanted)),
                Some(c) if c.is_alphabetic() || c == '_' => Ok(Check::Attribute(kind.to_owned(), wanted)),
                _ if is_whole_number(kind) => Ok(Check::Constant(kind.to_owned(), wanted)),
                _ => Err(
                    "before the colon stands a name, a text in quotes, a whole number, True, False or None"
                        .to_owned(),
                ),
            }
        }
    }
}

fn unquoted(kind: &str) -> Result<&str, &'static str> {
    let quote = kind.chars().next().unwrap_or_default();
    let inner = kind.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner
        .filter(|inner| !inner.contains([quote, '\\']))
        .ok_or("the text in quotes does not end, or holds more than a text")
}

/// Whether Python would write the number like this.
fn is_whole_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text == "0"
        || (!digits.starts_with('0') && !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()))
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    /// The number of the character behind the last.
    end: usize,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Check, String> {
        let mut checks = vec![self.all(depth)?];
        while self.take(|token| matches!(token, Token::Or)) {
            checks.push(self.all(depth)?);
        }
        Ok(joined(checks, Check::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Check, String> {
        let mut checks = vec![self.one(depth)?];
        while self.take(|token| matches!(token, Token::And)) {
            checks.push(self.one(depth)?);
        }
        Ok(joined(checks, Check::All))
    }

    fn one(&mut self, depth: usize) -> Result<Check, String> {
        let Some(((at, token), rest)) = self.tokens.split_first() else {
            return Err(format!("a check is missing at character {}", self.end));
        };
        if depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} deep at character {at}"));
        }
        self.tokens = rest;
        match token {
            Token::Check(check) => Ok(check.clone()),
            Token::Not => Ok(Check::Not(Box::new(self.one(depth + 1)?))),
            Token::Open => {
                let inner = self.any(depth + 1)?;
                if self.take(|token| matches!(token, Token::Close)) {
                    Ok(inner)
                } else {
                    Err(format!("the parenthesis at character {at} is not closed"))
                }
            }
            other => Err(format!("{} at character {at} stands where a check belongs", other.shown())),
        }
    }

    fn take(&mut self, wanted: impl Fn(&Token) -> bool) -> bool {
        match self.tokens.split_first() {
            Some(((_, token), rest)) if wanted(token) => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

fn joined(mut checks: Vec<Check>, join: impl Fn(Vec<Check>) -> Check) -> Check {
    match checks.pop() {
        Some(only) if checks.is_empty() => only,
        last => {
            checks.extend(last);
            join(checks)
        }
    }
}
