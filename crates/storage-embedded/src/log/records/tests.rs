use std::borrow::Cow;

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use zaqar_model::{
    Address, Attempt, AttemptEnd, ClaimId, ClaimLease, ConfirmationKind, DestinationKind, Excerpt,
    GraceSeconds, Lease, LeaseId, MessageId, SubscriptionId, SubscriptionTtl, Timestamp, TtlSeconds,
};

use super::{
    ClaimRecord, Client, CursorRecord, DeliveryFailure, DeliveryState, DeliveryStateRecord, ForeignId,
    LoggedAttempt, MessageRecord, Placement, Record, SubscriptionRecord,
};

fn lease() -> ClaimLease {
    ClaimLease { id: ClaimId::from_u128(77), renewed: Timestamp::from_millis(5), ttl: TtlSeconds::new(60) }
}

fn round_trip(record: &Record<'_>) {
    let mut buffer = vec![0xee; 3];
    record.encode(&mut buffer);
    let length = buffer.len() - 3;
    buffer.extend_from_slice(b"more");
    assert_eq!(Record::read(&buffer[3..]).as_ref(), Ok(record));
    assert_eq!(Record::decode(&buffer[3..]), Ok((record.clone(), length)));
}

#[test]
fn every_kind_is_read_back() {
    let claim = ClaimId::from_u128(77);
    round_trip(&Record::Claim(Cow::Owned(ClaimRecord {
        destination: 1,
        lease: lease(),
        grace: Some(GraceSeconds::new(61)),
        taken: vec![(1, 1), (u64::MAX, 9)],
        dead_lettered: vec![4],
    })));
    round_trip(&Record::Renew { destination: 1, lease: lease(), grace: GraceSeconds::new(60) });
    round_trip(&Record::Release { destination: 1, claim });
    round_trip(&Record::Delete { destination: 1, sequences: Cow::Borrowed(&[1, 2, 3]) });
    round_trip(&Record::Purge { destination: 1, below: 3 });
    round_trip(&Record::Drop { destination: 1 });
    round_trip(&Record::Skip { destination: 1, below: 9 });
    for kind in [DestinationKind::Queue, DestinationKind::Topic, DestinationKind::Confirmations] {
        round_trip(&Record::Destination { destination: 1, kind, project: "p", name: "q" });
    }
    let id = SubscriptionId::from_u128(8);
    let subscription = SubscriptionRecord {
        id,
        renewed: lease().renewed,
        ttl: SubscriptionTtl::new(u64::MAX),
        confirmed: true,
        declined: false,
        owed_from: Some(7),
        subscriber: "mailto:a@example.org",
        options: "{}",
        suspended: None,
    };
    round_trip(&Record::Subscribe { destination: 1, subscription: subscription.clone() });
    let muted = SubscriptionRecord { owed_from: None, confirmed: false, declined: true, ..subscription };
    round_trip(&Record::Subscribe { destination: 1, subscription: muted.clone() });
    let suspended = SubscriptionRecord { suspended: Some((lease().renewed, "410 Gone")), ..muted };
    round_trip(&Record::Subscribe { destination: 1, subscription: suspended });
    round_trip(&Record::Unsubscribe { destination: 1, subscription: id });
    round_trip(&Record::Discard { destination: 1, sequences: Cow::Borrowed(&[7]) });
}

#[test]
fn what_became_of_deliveries_is_read_back() {
    let (subscription, at, reason) =
        (SubscriptionId::from_u128(8), Timestamp::from_millis(5), Excerpt::new("no"));
    let failure = DeliveryFailure { at, attempts: 7, reason: reason.clone() };
    let lease = Lease { id: LeaseId::from_u128(6), since: at };
    round_trip(&Record::DeliveryState(DeliveryStateRecord {
        destination: 1,
        subscription,
        states: Cow::Borrowed(&[
            (1, DeliveryState::Done),
            (2, DeliveryState::Waiting { due: at, attempts: 3 }),
            (3, DeliveryState::UnderWay { message: MessageId::from_u128(5), lease, attempts: 4 }),
            (u64::MAX, DeliveryState::Failed(failure)),
        ]),
    }));
    let states = vec![(9, DeliveryState::Done)];
    let cursor = CursorRecord { destination: 1, subscription, reset: true, front: 10, states };
    round_trip(&Record::Cursor(cursor));
    let again = AttemptEnd::RetryAt(at);
    for end in [AttemptEnd::Delivered, again, AttemptEnd::GivenUp, AttemptEnd::Unknown] {
        for status in [None, Some(599)] {
            let attempt =
                Attempt { at, status, latency_ms: u32::MAX, excerpt: reason.clone(), address: None };
            let (number, message) = (4, MessageId::from_u128(5));
            round_trip(&Record::Attempt(LoggedAttempt {
                destination: 1,
                subscription,
                number,
                message,
                confirmation: None,
                attempt: Cow::Owned(attempt),
                end,
            }));
        }
    }
}

#[test]
fn attempts_at_requests_to_confirm_are_read_back() {
    let attempt = Attempt {
        at: Timestamp::from_millis(5),
        status: None,
        latency_ms: 1,
        excerpt: Excerpt::default(),
        address: Some(Address::of("http://example.org/")),
    };
    for kind in [ConfirmationKind::Subscription, ConfirmationKind::Unsubscription] {
        round_trip(&Record::Attempt(LoggedAttempt {
            destination: 1,
            subscription: SubscriptionId::from_u128(8),
            number: 4,
            message: MessageId::from_u128(5),
            confirmation: Some(kind),
            attempt: Cow::Borrowed(&attempt),
            end: AttemptEnd::Delivered,
        }));
    }
}

#[test]
fn a_record_in_an_envelope_is_not_checked_again() {
    let record = Record::Purge { destination: 1, below: 3 };
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    bytes[5] ^= 1;
    assert!(Record::read(&bytes).is_err());
    assert_eq!(Record::decode(&bytes), Ok((record, bytes.len())));
}

fn placement() -> impl Strategy<Value = Placement> {
    prop_oneof![
        Just(Placement::Queued),
        Just(Placement::Claimed(lease())),
        Just(Placement::DeadLettered),
        Just(Placement::Retained),
    ]
}

/// Earlier servers wrote what a message had been before it was retained, too.
#[test]
fn a_message_is_where_it_went_last() {
    let created = Timestamp::from_millis(1_000);
    let claimed = Record::Message(MessageRecord {
        destination: 3,
        sequence: 4,
        id: None,
        created,
        expires: created.plus_secs(1),
        delayed_until: created,
        ttl: TtlSeconds::new(1),
        claim_count: 2,
        placement: Placement::Claimed(lease()),
        is_letter: false,
        client: Client::new("c"),
        checksum: "",
        body: b"{}",
    });
    let (exhausted, kept) = (8, 32);
    for (flags, placement) in [
        (exhausted, Placement::DeadLettered),
        (kept, Placement::Retained),
        (exhausted | kept, Placement::Retained),
    ] {
        let mut bytes = Vec::new();
        claimed.encode(&mut bytes);
        bytes[9] |= flags;
        super::seal(&mut bytes);
        let read = MessageRecord::read(&bytes).unwrap();
        assert_eq!((read.placement, read.body), (placement, b"{}".as_slice()), "flags {flags}");
    }
}

proptest! {
    #[test]
    fn messages_are_read_back(
        client in "[0-9a-f-]{0,36}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        checksum in ".{0,8}",
        body in any::<Vec<u8>>(),
        (id, delay, is_letter) in any::<(Option<(u128, bool)>, u32, bool)>(),
        placement in placement(),
    ) {
        let created = Timestamp::from_millis(1_000);
        round_trip(&Record::Message(MessageRecord {
            destination: 3,
            sequence: 4,
            id: id.map(|(id, posted)| ForeignId { id: MessageId::from_u128(id), posted }),
            created,
            expires: Timestamp::from_millis(2_000),
            delayed_until: created.plus_secs(u64::from(delay)),
            ttl: TtlSeconds::new(1),
            claim_count: 2,
            placement,
            is_letter,
            client: Client::new(&client),
            checksum: &checksum,
            body: &body,
        }));
        prop_assert_eq!(Client::new(&client).to_string(), client);
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in any::<Vec<u8>>()) {
        let _ = Record::decode(&bytes);
    }

    #[test]
    fn no_fields_behind_a_valid_checksum_make_decoding_panic(kind in 0_u8..17, fields in any::<Vec<u8>>()) {
        let mut bytes = vec![kind];
        bytes.extend_from_slice(&u32::try_from(fields.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&super::checksum(kind, &fields).to_le_bytes());
        bytes.extend_from_slice(&fields);
        let _ = Record::read(&bytes);
        let _ = Record::decode(&bytes);
    }

    #[test]
    fn a_flipped_bit_is_noticed(body in any::<Vec<u8>>(), bit in any::<proptest::sample::Index>()) {
        let mut bytes = Vec::new();
        Record::Destination {
            destination: 1,
            kind: DestinationKind::Queue,
            project: &"p".repeat(body.len()),
            name: "q",
        }
        .encode(&mut bytes);
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(Record::read(&bytes).is_err());
    }
}
