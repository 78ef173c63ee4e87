//! Converts MessagePack to JSON. Rejects values without a JSON equivalent: binary data, extension types, numbers that
//! are not finite, and keys that are not strings.

use rmp::Marker;
use zaqar_model::MAX_JSON_DEPTH;

/// Why a frame cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecodeError {
    Incomplete,
    TrailingBytes,
    InvalidUtf8,
    NonStringKey,
    NotFinite,
    TooDeep,
    NoJsonEquivalent(&'static str),
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Incomplete => f.write_str("ValueError: Unpack failed: incomplete input"),
            Self::TrailingBytes => f.write_str("ExtraData: unpack(b) received extra data."),
            Self::InvalidUtf8 => f.write_str("UnicodeDecodeError: a text is not UTF-8"),
            Self::NonStringKey => f.write_str("ValueError: only texts are allowed for map keys"),
            Self::NotFinite => f.write_str("ValueError: a number is not finite"),
            Self::TooDeep => write!(f, "StackError: nested deeper than {MAX_JSON_DEPTH} levels"),
            Self::NoJsonEquivalent(what) => write!(f, "FormatError: {what} cannot be taken; send a text"),
        }
    }
}

type Result<T> = std::result::Result<T, DecodeError>;

/// A list or object that is being decoded.
struct OpenContainer {
    /// The number of remaining items. Keys and values of an object count separately.
    remaining: u64,
    is_object: bool,
    is_empty: bool,
}

pub(super) fn to_json(frame: &[u8]) -> Result<Vec<u8>> {
    let mut decoder = Decoder { rest: frame, json: Vec::with_capacity(frame.len() * 2), open: Vec::new() };
    loop {
        decoder.value()?;
        while let Some(done) = decoder.open.pop_if(|open| open.remaining == 0) {
            decoder.json.push(if done.is_object { b'}' } else { b']' });
        }
        if decoder.open.is_empty() {
            break;
        }
    }
    if decoder.rest.is_empty() { Ok(decoder.json) } else { Err(DecodeError::TrailingBytes) }
}

/// Decodes in one pass, without recursion.
struct Decoder<'a> {
    rest: &'a [u8],
    json: Vec<u8>,
    open: Vec<OpenContainer>,
}

impl<'a> Decoder<'a> {
    /// Decodes a value, a key, or the beginning of a list or object.
    fn value(&mut self) -> Result<()> {
        let is_name = self.separate();
        let [first] = self.take()?;
        let marker = Marker::from_u8(first);
        match marker {
            Marker::FixStr(length) => return self.text(length.into()),
            Marker::Str8 => {
                return self.take().map(u8::from_be_bytes).and_then(|length| self.text(length.into()));
            }
            Marker::Str16 => {
                return self.take().map(u16::from_be_bytes).and_then(|length| self.text(length.into()));
            }
            Marker::Str32 => return self.take().map(u32::from_be_bytes).and_then(|length| self.text(length)),
            _ if is_name => return Err(DecodeError::NonStringKey),
            _ => {}
        }
        match marker {
            Marker::Null => self.literal("null"),
            Marker::True => self.literal("true"),
            Marker::False => self.literal("false"),
            Marker::FixPos(number) => self.number(number),
            Marker::FixNeg(number) => self.number(number),
            Marker::U8 => self.take().map(u8::from_be_bytes).map(|number| self.number(number))?,
            Marker::U16 => self.take().map(u16::from_be_bytes).map(|number| self.number(number))?,
            Marker::U32 => self.take().map(u32::from_be_bytes).map(|number| self.number(number))?,
            Marker::U64 => self.take().map(u64::from_be_bytes).map(|number| self.number(number))?,
            Marker::I8 => self.take().map(i8::from_be_bytes).map(|number| self.number(number))?,
            Marker::I16 => self.take().map(i16::from_be_bytes).map(|number| self.number(number))?,
            Marker::I32 => self.take().map(i32::from_be_bytes).map(|number| self.number(number))?,
            Marker::I64 => self.take().map(i64::from_be_bytes).map(|number| self.number(number))?,
            Marker::F32 => {
                self.take().map(f32::from_be_bytes).and_then(|number| self.float(number.into()))?;
            }
            Marker::F64 => self.take().map(f64::from_be_bytes).and_then(|number| self.float(number))?,
            Marker::FixArray(length) => self.enter(length.into(), false)?,
            Marker::Array16 => {
                self.take().map(u16::from_be_bytes).and_then(|length| self.enter(length.into(), false))?;
            }
            Marker::Array32 => {
                self.take().map(u32::from_be_bytes).and_then(|length| self.enter(length, false))?;
            }
            Marker::FixMap(length) => self.enter(length.into(), true)?,
            Marker::Map16 => {
                self.take().map(u16::from_be_bytes).and_then(|length| self.enter(length.into(), true))?;
            }
            Marker::Map32 => {
                self.take().map(u32::from_be_bytes).and_then(|length| self.enter(length, true))?;
            }
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
                return Err(DecodeError::NoJsonEquivalent("binary data"));
            }
            _ => return Err(DecodeError::NoJsonEquivalent("an extension type")),
        }
        Ok(())
    }

    /// Writes the separator before the next value. Returns whether the value is a key.
    fn separate(&mut self) -> bool {
        let Some(open) = self.open.last_mut() else { return false };
        let is_name = open.is_object && open.remaining.is_multiple_of(2);
        if open.is_object && !is_name {
            self.json.push(b':');
        } else if !open.is_empty {
            self.json.push(b',');
        }
        open.is_empty = false;
        open.remaining -= 1;
        is_name
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Incomplete)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn text(&mut self, length: u32) -> Result<()> {
        let length = usize::try_from(length).map_err(|_| DecodeError::Incomplete)?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Incomplete)?;
        self.rest = rest;
        let text = std::str::from_utf8(text).map_err(|_| DecodeError::InvalidUtf8)?;
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.json, text);
        Ok(())
    }

    fn float(&mut self, number: f64) -> Result<()> {
        if !number.is_finite() {
            return Err(DecodeError::NotFinite);
        }
        let _ = serde_json::to_writer(&mut self.json, &number);
        Ok(())
    }

    fn number(&mut self, number: impl Into<i128>) {
        self.literal(&number.into().to_string());
    }

    fn literal(&mut self, literal: &str) {
        self.json.extend(literal.as_bytes());
    }

    fn enter(&mut self, length: u32, is_object: bool) -> Result<()> {
        if self.open.len() >= MAX_JSON_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        let remaining = u64::from(length) * if is_object { 2 } else { 1 };
        self.open.push(OpenContainer { remaining, is_object, is_empty: true });
        self.json.push(if is_object { b'{' } else { b'[' });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, to_json};

    #[test]
    fn every_marker_has_its_json() {
        for (packed, json) in [
            (&b"\xc0"[..], "null"),
            (b"\x93\xc3\xc2\x07", "[true,false,7]"),
            (b"\x94\xff\xcc\xff\xd0\x80\xcd\xff\xff", "[-1,255,-128,65535]"),
            (b"\x92\xca\x3f\xc0\x00\x00\xcb\x40\x04\x00\x00\x00\x00\x00\x00", "[1.5,2.5]"),
            (b"\x82\xa1a\x90\xd9\x01b\x80", "{\"a\":[],\"b\":{}}"),
            (b"\xdd\x00\x00\x00\x01\xdf\x00\x00\x00\x01\xa1\"\xdb\x00\x00\x00\x01\n", "[{\"\\\"\":\"\\n\"}]"),
        ] {
            assert_eq!(to_json(packed).map(|json| String::from_utf8(json).unwrap()), Ok(json.to_owned()));
        }
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for (packed, error) in [
            (&b""[..], DecodeError::Incomplete),
            (b"\x92\x01", DecodeError::Incomplete),
            (b"\xa5abc", DecodeError::Incomplete),
            (b"\x01\x02", DecodeError::TrailingBytes),
            (b"\xa1\xff", DecodeError::InvalidUtf8),
            (b"\x81\x01\x02", DecodeError::NonStringKey),
            (b"\x81\x80\x02", DecodeError::NonStringKey),
            (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", DecodeError::NotFinite),
            (b"\xc4\x01a", DecodeError::NoJsonEquivalent("binary data")),
            (b"\xd4\x00\x00", DecodeError::NoJsonEquivalent("an extension type")),
            (&[0x91; 1000], DecodeError::TooDeep),
            (b"\xdd\xff\xff\xff\xff", DecodeError::Incomplete),
        ] {
            assert_eq!(to_json(packed), Err(error), "{packed:?}");
        }
    }
}
