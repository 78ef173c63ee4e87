//! JSON text that is checked once and then kept byte for byte.
//!
//! A message's body is opaque to Zaqar: no tree is ever built of it. So that what is accepted always comes back as
//! the same JSON value, the text is held to RFC 8259 and, beyond it, to what every reader understands alike: integers
//! within 64 bits, numbers within an IEEE 754 double, no lone surrogates, no NUL in a member's name.

use std::fmt;

use bytes::Bytes;

/// How deep arrays and objects may nest: what upstream's Python takes before its recursion limit, rounded.
pub const MAX_JSON_DEPTH: usize = 960;

/// Why a text is not taken as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("not valid JSON at byte {0}")]
    Malformed(usize),
    #[error("an integer beyond 64 bits at byte {0}")]
    IntegerTooLarge(usize),
    #[error("a number too large for a double at byte {0}")]
    NumberTooLarge(usize),
    #[error("half of a surrogate pair at byte {0}")]
    LoneSurrogate(usize),
    #[error("a NUL in the name of a member at byte {0}")]
    NulInName(usize),
    #[error("nested deeper than {MAX_JSON_DEPTH} levels at byte {0}")]
    TooDeep(usize),
}

/// The text of one JSON value, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonText(Bytes);

impl JsonText {
    /// Checks `text` and keeps it, without a copy.
    pub fn parse(text: Bytes) -> Result<Self, JsonError> {
        Scanner::new(&text)?.document()?;
        Ok(Self(text))
    }

    /// Takes a text that was checked before: part of a checked document, or read back from storage.
    pub const fn from_checked(text: Bytes) -> Self {
        Self(text)
    }

    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// One pass over the text, without recursion and without allocation but for the stack of open brackets.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// For each open bracket whether it is an object's.
    open: Vec<bool>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a [u8]) -> Result<Self, JsonError> {
        std::str::from_utf8(text).map_err(|error| JsonError::Malformed(error.valid_up_to()))?;
        Ok(Self { text, at: 0, open: Vec::new() })
    }

    fn document(&mut self) -> Result<(), JsonError> {
        self.value()?;
        self.space();
        if self.at == self.text.len() { Ok(()) } else { self.malformed() }
    }

    fn value(&mut self) -> Result<(), JsonError> {
        loop {
            // Here a value must begin.
            self.space();
            match self.peek() {
                Some(b'{') => {
                    self.enter(true)?;
                    self.space();
                    if self.peek() != Some(b'}') {
                        self.name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.enter(false)?;
                    self.space();
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(b'"') => self.string(false)?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => return self.malformed(),
            }
            // Here a value has ended, or an empty bracket stands open: close what closes, go on behind a comma.
            loop {
                let Some(&in_object) = self.open.last() else { return Ok(()) };
                self.space();
                match (self.peek(), in_object) {
                    (Some(b','), true) => {
                        self.at += 1;
                        self.space();
                        self.name()?;
                        break;
                    }
                    (Some(b','), false) => {
                        self.at += 1;
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        self.at += 1;
                        self.open.pop();
                    }
                    _ => return self.malformed(),
                }
            }
        }
    }

    fn enter(&mut self, object: bool) -> Result<(), JsonError> {
        if self.open.len() >= MAX_JSON_DEPTH {
            return Err(JsonError::TooDeep(self.at));
        }
        self.open.push(object);
        self.at += 1;
        Ok(())
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return self.malformed();
        }
        self.string(true)?;
        self.space();
        if self.peek() != Some(b':') {
            return self.malformed();
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self, is_name: bool) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            self.at += plain_bytes(&self.text[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(is_name)?,
                _ => return self.malformed(),
            }
        }
    }

    fn escape(&mut self, in_name: bool) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                match self.hex()? {
                    0 if in_name => Err(JsonError::NulInName(start)),
                    0xD800..=0xDBFF => {
                        if self.text.get(self.at..self.at + 2) != Some(b"\\u") {
                            return Err(JsonError::LoneSurrogate(start));
                        }
                        self.at += 2;
                        match self.hex()? {
                            0xDC00..=0xDFFF => Ok(()),
                            _ => Err(JsonError::LoneSurrogate(start)),
                        }
                    }
                    0xDC00..=0xDFFF => Err(JsonError::LoneSurrogate(start)),
                    _ => Ok(()),
                }
            }
            _ => self.malformed(),
        }
    }

    /// Four hexadecimal digits.
    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(16)) else {
                return self.malformed();
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.malformed(),
        }
        let mut is_integer = true;
        if self.peek() == Some(b'.') {
            is_integer = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_integer = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        if is_integer {
            // 18 digits always fit.
            if text.len() > 18 && text.parse::<i64>().is_err() {
                return Err(JsonError::IntegerTooLarge(start));
            }
        } else if !text.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(JsonError::NumberTooLarge(start));
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { self.malformed() } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if self.text.get(self.at..self.at + word.len()) != Some(word) {
            return self.malformed();
        }
        self.at += word.len();
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    const fn malformed<T>(&self) -> Result<T, JsonError> {
        Err(JsonError::Malformed(self.at))
    }
}

/// How many bytes of a string, from its start, stand for themselves.
fn plain_bytes(text: &[u8]) -> usize {
    // Without a branch, so that the compiler looks at a whole block at once: nearly all that is scanned goes by here.
    let is_special = |byte: &u8| (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\');
    let (blocks, _) = text.as_chunks::<16>();
    let is_plain = |block: &&[u8; 16]| !block.iter().fold(false, |any, byte| any | is_special(byte));
    let start = blocks.iter().take_while(is_plain).count() * 16;
    start + text[start..].iter().take_while(|byte| !is_special(byte)).count()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{JsonError, JsonText, MAX_JSON_DEPTH};

    fn check(text: &str) -> Result<(), JsonError> {
        JsonText::parse(Bytes::copy_from_slice(text.as_bytes())).map(|_| ())
    }

    #[test]
    fn every_kind_of_value_is_taken() {
        for good in [
            "{}",
            "[]",
            " [ ] ",
            "0",
            "-0",
            "-1.5e-7",
            "\"\"",
            "\"\\ud83d\\ude00 \\n\"",
            "true",
            "false",
            "null",
            "[[],{},[{\"a\":[1,2,{\"b\":null}]}]]",
            "{\"a\" : 1 , \"b\":[ ]}",
            "9223372036854775807",
            "-9223372036854775808",
            "\"\\u0000\"",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for bad in [
            "",
            " ",
            "{",
            "[",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\"}",
            "[1 2]",
            "01",
            "1.",
            ".5",
            "1e",
            "+1",
            "NaN",
            "Infinity",
            "-Infinity",
            "tru",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "[}",
            "{]",
            "1 1",
            "\u{feff}{}",
            "'a'",
        ] {
            assert!(matches!(check(bad), Err(JsonError::Malformed(_))), "{bad}: {:?}", check(bad));
        }
    }

    #[test]
    fn what_readers_disagree_on_is_refused() {
        assert_eq!(check("9223372036854775808"), Err(JsonError::IntegerTooLarge(0)));
        assert_eq!(check("[-9223372036854775809]"), Err(JsonError::IntegerTooLarge(1)));
        assert_eq!(check("1e400"), Err(JsonError::NumberTooLarge(0)));
        assert_eq!(check("\"\\ud800\""), Err(JsonError::LoneSurrogate(1)));
        assert_eq!(check("\"\\udc00\""), Err(JsonError::LoneSurrogate(1)));
        assert_eq!(check("\"\\ud800\\u0041\""), Err(JsonError::LoneSurrogate(1)));
        assert_eq!(check("{\"a\\u0000\":1}"), Err(JsonError::NulInName(3)));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(MAX_JSON_DEPTH)), Ok(()));
        assert_eq!(check(&nested(MAX_JSON_DEPTH + 1)), Err(JsonError::TooDeep(MAX_JSON_DEPTH)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = JsonText::parse(Bytes::from(bytes));
        }

        #[test]
        fn it_agrees_with_serde_json(text in "[\\[\\]{}\",:0-9a-eE.+\\- tfnrulsx\\\\]{0,24}") {
            let ours = check(&text);
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match ours {
                Ok(()) => prop_assert!(theirs.is_ok(), "{text}: {theirs:?}"),
                Err(JsonError::Malformed(_)) => prop_assert!(theirs.is_err(), "{text}"),
                Err(_) => {}
            }
        }

        #[test]
        fn what_serde_json_writes_is_taken(strings in proptest::collection::vec(any::<String>(), 0..4)) {
            let text = serde_json::to_string(&strings).unwrap();
            prop_assert_eq!(check(&text), Ok(()));
        }
    }
}
