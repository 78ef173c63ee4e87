//! JSON as Python's `json.dumps(json.loads(text))` writes it: the text that a checksum is taken of.
//!
//! Members keep their order; of two with one name the last value stands in the first place. No recursion: a body may be
//! nested as deeply as [`JsonText`] allows.

use std::collections::HashMap;

use serde_json::Value;
use zaqar_model::JsonText;

pub(super) fn dumps(text: &JsonText) -> String {
    let (nodes, root) = Reader { text: text.as_bytes(), at: 0 }.read();
    write(&nodes, root)
}

/// A value, its parts by their index among all nodes.
enum Node {
    /// As it is written in the end.
    Scalar(String),
    Array(Vec<usize>),
    Object(Vec<(String, usize)>),
}

/// Goes over a checked text, so what stands where is known.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

/// A bracket that is still open.
enum Open {
    Array(Vec<usize>),
    Object { members: Vec<(String, usize)>, places: HashMap<String, usize>, name: String },
}

impl Reader<'_> {
    fn read(mut self) -> (Vec<Node>, usize) {
        let mut nodes = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.skip_space();
            let closed = match self.peek() {
                b'[' => {
                    self.at += 1;
                    open.push(Open::Array(Vec::new()));
                    continue;
                }
                b'{' => {
                    self.at += 1;
                    open.push(Open::Object {
                        members: Vec::new(),
                        places: HashMap::new(),
                        name: String::new(),
                    });
                    continue;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                b']' | b'}' => {
                    self.at += 1;
                    match open.pop() {
                        Some(Open::Array(items)) => Node::Array(items),
                        Some(Open::Object { members, .. }) => Node::Object(members),
                        None => Node::Scalar(String::new()),
                    }
                }
                b'"' => {
                    let text = python_string(&self.string());
                    if let Some(Open::Object { name, .. }) = open.last_mut()
                        && name.is_empty()
                    {
                        // A name with its quotes is never empty.
                        *name = text;
                        continue;
                    }
                    Node::Scalar(text)
                }
                _ => Node::Scalar(python_word(self.word())),
            };
            nodes.push(closed);
            let index = nodes.len() - 1;
            match open.last_mut() {
                None => return (nodes, index),
                Some(Open::Array(items)) => items.push(index),
                Some(Open::Object { members, places, name }) => {
                    let name = std::mem::take(name);
                    match places.get(&name) {
                        Some(place) => members[*place].1 = index,
                        None => {
                            places.insert(name.clone(), members.len());
                            members.push((name, index));
                        }
                    }
                }
            }
        }
    }

    fn peek(&self) -> u8 {
        // Beyond the end: what closes everything, so that even an unchecked text ends.
        self.text.get(self.at).copied().unwrap_or(b']')
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while self.at < self.text.len() && self.text[self.at] != b'"' {
            self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_slice(quoted).unwrap_or_default()
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> &str {
        let start = self.at;
        while !matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}') {
            self.at += 1;
        }
        std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default()
    }
}

fn write(nodes: &[Node], root: usize) -> String {
    enum Step<'a> {
        Value(usize),
        Text(&'a str),
    }
    let mut out = String::new();
    let mut steps = vec![Step::Value(root)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Text(text) => out.push_str(text),
            Step::Value(index) => match &nodes[index] {
                Node::Scalar(text) => out.push_str(text),
                Node::Array(items) => {
                    out.push('[');
                    steps.push(Step::Text("]"));
                    for (place, item) in items.iter().enumerate().rev() {
                        steps.push(Step::Value(*item));
                        if place > 0 {
                            steps.push(Step::Text(", "));
                        }
                    }
                }
                Node::Object(members) => {
                    out.push('{');
                    steps.push(Step::Text("}"));
                    for (place, (name, value)) in members.iter().enumerate().rev() {
                        steps.push(Step::Value(*value));
                        steps.push(Step::Text(": "));
                        steps.push(Step::Text(name));
                        if place > 0 {
                            steps.push(Step::Text(", "));
                        }
                    }
                }
            },
        }
    }
    out
}

/// `ensure_ascii`: everything outside of printable ASCII is escaped, in UTF-16.
fn python_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str("\\u");
                    for shift in [12, 8, 4, 0] {
                        out.extend(char::from_digit(u32::from(*unit >> shift) & 0xf, 16));
                    }
                }
            }
        }
    }
    out.push('"');
    out
}

fn python_word(word: &str) -> String {
    match word {
        "-0" => "0".to_owned(),
        word if word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && word.contains(['.', 'e', 'E']) =>
        {
            // serde_json reads to the nearest double, as Python does.
            serde_json::from_str::<Value>(word)
                .ok()
                .and_then(|number| number.as_f64())
                .map_or_else(String::new, python_float)
        }
        word => word.to_owned(),
    }
}

/// `repr(float)`: the shortest digits that read back as the same number, with an exponent from 1e16 on and below 1e-4.
fn python_float(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = value.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use zaqar_model::{JsonText, MAX_JSON_DEPTH};

    use super::dumps;

    fn written(text: &str) -> String {
        dumps(&JsonText::parse(Bytes::from(text.to_owned())).unwrap())
    }

    #[test]
    fn text_is_written_as_by_python() {
        // Right column: what `json.dumps(json.loads(left))` of python3 gives.
        for (text, python) in CASES {
            assert_eq!(written(text), *python, "{text}");
        }
    }

    #[test]
    fn the_deepest_body_is_no_trouble() {
        let deep = "[".repeat(MAX_JSON_DEPTH) + &"]".repeat(MAX_JSON_DEPTH);
        assert_eq!(written(&deep), deep);
    }

    const CASES: &[(&str, &str)] = &[
        ("null", "null"),
        (" true ", "true"),
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("0.0", "0.0"),
        ("-0e5", "-0.0"),
        ("1", "1"),
        ("123456789012345678", "123456789012345678"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.0", "1.0"),
        ("1.50", "1.5"),
        ("100000.0", "100000.0"),
        ("1e5", "100000.0"),
        ("1E5", "100000.0"),
        ("1e15", "1000000000000000.0"),
        ("1e16", "1e+16"),
        ("123456789012345680.0", "1.2345678901234568e+17"),
        ("1.5e300", "1.5e+300"),
        ("1e-4", "0.0001"),
        ("0.0001", "0.0001"),
        ("1e-5", "1e-05"),
        ("0.00001234", "1.234e-05"),
        ("5e-324", "5e-324"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("1e-400", "0.0"),
        ("0.1", "0.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("4.35", "4.35"),
        ("1e22", "1e+22"),
        ("1e23", "1e+23"),
        ("-1.5e-7", "-1.5e-07"),
        (r#""""#, r#""""#),
        (r#""a""#, r#""a""#),
        (r#""\u00e9\u0000\u001f\u007f\/\"\\""#, r#""\u00e9\u0000\u001f\u007f/\"\\""#),
        (r#""é😀 \t""#, r#""\u00e9\ud83d\ude00\u2028\t""#),
        (r#""\ud83d\ude00\b\f\n\r""#, r#""\ud83d\ude00\b\f\n\r""#),
        ("[]", "[]"),
        ("{}", "{}"),
        ("[ ]", "[]"),
        ("{ }", "{}"),
        ("[1,2 , 3]", "[1, 2, 3]"),
        (r#"{"b":1,"a":[{},[],{"x":null}]}"#, r#"{"b": 1, "a": [{}, [], {"x": null}]}"#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a": 3, "b": 2}"#),
        (r#"{"a":{"a":1,"\u0061":2},"":0,"":1}"#, r#"{"a": {"a": 2}, "": 1}"#),
        (r#"{"":""}"#, r#"{"": ""}"#),
        (
            r#"[[[["deep"]]],{"k":{"k":{"k":[true,false,null]}}}]"#,
            r#"[[[["deep"]]], {"k": {"k": {"k": [true, false, null]}}}]"#,
        ),
        (r#"{"é":"ü","k e y" : "v,]}:"}"#, r#"{"\u00e9": "\u00fc", "k e y": "v,]}:"}"#),
        (r#"["{\"not\": \"parsed\"}"]"#, r#"["{\"not\": \"parsed\"}"]"#),
    ];
}
