//! The two formats of frames. Internally everything is JSON: MessagePack is converted on input and on output, so that
//! there is one parser and one serializer.

mod from_messagepack;
mod to_messagepack;

use bytes::Bytes;
use yawc::Frame;
use zaqar_model::JsonText;

/// The format of a frame, and of the reply to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// In text frames.
    Json,
    /// In binary frames.
    MessagePack,
}

impl Format {
    /// # Errors
    ///
    /// The error text for the client.
    pub(crate) fn read(self, frame: Bytes) -> Result<JsonText, String> {
        let read = match self {
            Self::Json => JsonText::parse(frame).map_err(|error| format!("JSONDecodeError: {error}")),
            Self::MessagePack => {
                from_messagepack::to_json(&frame).map_err(|error| error.to_string()).and_then(|text| {
                    JsonText::parse(text.into()).map_err(|error| format!("ValueError: {error}"))
                })
            }
        };
        read.map_err(|reason| format!("Can't decode {} request. {reason}", self.name()))
    }

    /// A frame with a JSON text.
    pub(crate) fn write(self, text: String) -> Frame {
        match self {
            Self::Json => Frame::text(text),
            Self::MessagePack => Frame::binary(to_messagepack::from_json(text.as_bytes())),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Json => "text (JSON)",
            Self::MessagePack => "binary (MessagePack)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;
    use bytes::Bytes;
    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
    use serde_json::{Map, Value, json};

    fn through_messagepack(value: &Value) -> Value {
        let packed = Format::MessagePack.write(value.to_string()).into_payload();
        let text = Format::MessagePack.read(packed).unwrap();
        serde_json::from_slice(text.as_bytes()).unwrap()
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaves = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e300..1e300).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaves.prop_recursive(4, 64, 8, |inner| {
            let members = proptest::collection::vec(("[^\\x00]{0,40}", inner.clone()), 0..8);
            prop_oneof![
                proptest::collection::vec(inner, 0..8).prop_map(Value::from),
                members.prop_map(|members| Value::Object(Map::from_iter(members))),
            ]
        })
    }

    #[test]
    fn what_is_deeper_than_recursion_goes_is_written_and_read() {
        let text = format!("{}{}", "[".repeat(960), "]".repeat(960));
        let packed = Format::MessagePack.write(text.clone()).into_payload();
        assert_eq!(&Format::MessagePack.read(packed).unwrap().as_bytes()[..], text.as_bytes());
    }

    #[test]
    fn what_cannot_be_read_is_told_with_upstreams_beginning() {
        let error =
            |format: Format, frame: &'static [u8]| format.read(Bytes::from_static(frame)).unwrap_err();
        let text = "Can't decode text (JSON) request. JSONDecodeError: not valid JSON at byte 1";
        assert_eq!(error(Format::Json, b"{"), text);
        let binary = "Can't decode binary (MessagePack) request. ";
        assert!(error(Format::MessagePack, b"\xc1").starts_with(binary));
    }

    #[test]
    fn spaces_make_no_difference() {
        let packed = Format::MessagePack.write(" { \"a\" : [ 1 , 2.5e0 ] } ".into()).into_payload();
        assert_eq!(&Format::MessagePack.read(packed).unwrap().as_bytes()[..], b"{\"a\":[1,2.5]}");
    }

    proptest! {
        #[test]
        fn every_value_is_the_same_behind_messagepack(value in values()) {
            prop_assert_eq!(through_messagepack(&json!({ "a": value })), json!({ "a": value }));
        }

        #[test]
        fn no_frame_panics(frame in any::<Vec<u8>>(), likely in proptest::collection::vec(0x80_u8..=0xff, 0..60)) {
            for frame in [frame, likely] {
                let frame = Bytes::from(frame);
                let _ = (Format::Json.read(frame.clone()), Format::MessagePack.read(frame));
            }
        }
    }
}
