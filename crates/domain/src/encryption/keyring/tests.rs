use bytes::Bytes;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use zaqar_model::{
    Body, DelaySeconds, JsonText, Message, MessageId, NewMessage, ProjectId, RandomIds, Timestamp, TtlSeconds,
};

use super::Keyring;
use crate::encryption::{CannotSeal, Key, Unreadable};

fn project(id: &str) -> ProjectId {
    ProjectId::new(id).unwrap()
}

fn keyring() -> Keyring {
    Keyring::new(vec![Key::random(&RandomIds)])
}

fn new_message(body: &str) -> NewMessage {
    let body = JsonText::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap().into();
    NewMessage { ttl: TtlSeconds::new(60), delay: DelaySeconds::new(0), body, checksum: None }
}

/// The message as a store gives it back.
fn stored(new: NewMessage) -> Message {
    Message {
        id: MessageId::from_u128(7),
        ttl: new.ttl,
        created: Timestamp::from_millis(0),
        body: new.body,
        checksum: new.checksum,
        claim: None,
        claim_count: 0,
    }
}

fn sealed(keyring: &Keyring, body: &str) -> Message {
    let mut message = new_message(body);
    keyring.seal(&project("p"), &RandomIds, &mut message).unwrap();
    stored(message)
}

fn open(keyring: &Keyring, reader: &str, message: &Message) -> Result<Message, Unreadable> {
    let mut opened = [message.clone()];
    let outcome = keyring.open(&project(reader), &mut opened);
    let [opened] = opened;
    match outcome {
        Ok(()) => Ok(opened),
        Err(error) => {
            assert_eq!(&opened, message, "what cannot be opened stays as it is");
            Err(error.reason)
        }
    }
}

fn bodies() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap())
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_it_was(body in bodies(), checksum in proptest::option::of("MD5:[0-9a-f]{32}")) {
        let keyring = keyring();
        let plain = NewMessage { checksum, ..new_message(&body) };
        let mut message = plain.clone();
        keyring.seal(&project("p"), &RandomIds, &mut message).unwrap();
        prop_assert!(message.body.is_sealed() && message.checksum.is_none());
        prop_assert_eq!(open(&keyring, "p", &stored(message)), Ok(stored(plain)));
    }

    #[test]
    fn no_bytes_make_opening_panic(bytes in any::<Vec<u8>>()) {
        let mut message = sealed(&keyring(), "1");
        let bytes: Vec<u8> = [Body::SEALED].into_iter().chain(bytes).collect();
        message.body = Body::from_bytes(Bytes::from(bytes));
        prop_assert!(open(&keyring(), "p", &message).is_err());
    }
}

#[test]
fn a_change_of_any_byte_is_refused() {
    let keyring = keyring();
    let message = sealed(&keyring, "\"secret\"");
    let bytes = message.body.as_bytes().to_vec();
    let opened = |bytes: Vec<u8>| {
        open(&keyring, "p", &Message { body: Body::from_bytes(Bytes::from(bytes)), ..message.clone() })
    };
    // The first byte says that the body is sealed at all.
    for at in 1..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(opened(changed).is_err(), "byte {at}");
        assert!(opened(bytes[..at].to_vec()).is_err(), "cut at {at}");
    }
    assert!(opened([&bytes[..], &[0]].concat()).is_err());
    assert!(opened(bytes).is_ok());
}

#[test]
fn another_project_cannot_open_what_was_sealed_for_one() {
    let keyring = keyring();
    let message = sealed(&keyring, "\"secret\"");
    assert_eq!(open(&keyring, "other", &message), Err(Unreadable::Changed));
    assert!(open(&keyring, "p", &message).is_ok());
}

#[test]
fn the_first_key_seals_and_every_key_opens() {
    let [old, new, again] = [(); 3].map(|()| Key::random(&RandomIds));
    let (old_id, old_text) = (old.id(), old.spell_out());
    let one = sealed(&Keyring::new(vec![old]), "1");
    let rotated = Keyring::new(vec![new, Key::spelled_out(&old_text).unwrap()]);
    let two = sealed(&rotated, "2");
    assert!(open(&rotated, "p", &one).is_ok() && open(&rotated, "p", &two).is_ok());
    let only_old = Keyring::new(vec![Key::spelled_out(&old_text).unwrap()]);
    assert!(open(&only_old, "p", &one).is_ok() && open(&only_old, "p", &two).is_err());
    assert_eq!(open(&Keyring::new(vec![again]), "p", &one), Err(Unreadable::UnknownKey(old_id)));
    assert_eq!(open(&Keyring::default(), "p", &one), Err(Unreadable::UnknownKey(old_id)));
}

#[test]
fn the_same_message_is_never_sealed_to_the_same_bytes() {
    let keyring = keyring();
    assert_ne!(sealed(&keyring, "1").body, sealed(&keyring, "1").body);
}

#[test]
fn without_a_key_nothing_is_sealed() {
    let mut message = new_message("1");
    let refused = Keyring::default().seal(&project("p"), &RandomIds, &mut message);
    assert_eq!(refused, Err(CannotSeal::NoKey));
    assert_eq!(message, new_message("1"));
}

#[test]
fn what_is_not_sealed_needs_no_key() {
    let message = stored(new_message("{\"a\": 1}"));
    assert_eq!(open(&Keyring::default(), "p", &message), Ok(message));
}
