//! Messages that arrive with their queue.

use std::collections::BTreeMap;

use uuid::Uuid;
use zaqar_model::{ExportedItem, ExportedMessage};

use crate::columns::{client_bytes, halves, millis, position, uuid_of_claim, uuid_of_message};
use crate::connection::{Failed, Session, values};

/// Subscribers may be owed what was posted if there are any: they come before it.
const PUT: &str = "
INSERT INTO zaqar.messages (queue, position, nonce, foreign_id, created, expires, delayed_until, visible_at, ttl,
  claim_count, claim, claim_renewed, claim_ttl, state, returned, owed, kept, letter, client, checksum, body)
SELECT q.number, i.position, i.nonce, i.foreign_id, i.created, i.expires, i.delayed_until, i.visible_at, i.ttl,
  i.claim_count, i.claim, i.claim_renewed, i.claim_ttl, i.state, NOT i.posted, i.posted AND q.subscribed,
  i.state = 4 OR i.posted AND q.subscribed, i.letter, i.client, i.checksum, i.body
FROM zaqar.queues q, unnest($2::int8[], $3::int8[], $4::uuid[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[],
    $10::int8[], $11::uuid[], $12::int8[], $13::int8[], $14::int2[], $15::bool[], $16::bool[], $17::bytea[], $18::bytea[],
    $19::bytea[])
  AS i(position, nonce, foreign_id, created, expires, delayed_until, visible_at, ttl, claim_count, claim, claim_renewed,
    claim_ttl, state, posted, letter, client, checksum, body)
WHERE q.number = $1::int8
ON CONFLICT (queue, position) DO UPDATE SET expires = excluded.expires, visible_at = excluded.visible_at,
  ttl = excluded.ttl, claim_count = excluded.claim_count, seen_count = 0, claim = excluded.claim,
  claim_renewed = excluded.claim_renewed, claim_ttl = excluded.claim_ttl, state = excluded.state,
  owed = messages.owed OR excluded.owed, kept = messages.kept OR excluded.kept";

/// The last position, and how long what is owed of them lives.
const FOLLOW: [&str; 2] = [
    "UPDATE zaqar.queues SET floor = greatest(floor, (SELECT max(p) FROM unnest($2::int8[]) p)) WHERE number = $1::int8",
    "UPDATE zaqar.deliveries d SET expires = m.expires FROM zaqar.messages m
     WHERE m.queue = $1::int8 AND m.position = ANY($2::int8[]) AND d.queue = m.queue AND d.position = m.position
       AND d.expires <> m.expires",
];

const TAKE_OUT: [&str; 2] = [
    "DELETE FROM zaqar.messages WHERE queue = $1::int8 AND position = ANY($2::int8[])",
    "DELETE FROM zaqar.deliveries WHERE queue = $1::int8 AND position = ANY($2::int8[])",
];

const READY: i16 = 0;
const RETURNED: i16 = 1;
const WAITING: i16 = 2;
const DEAD: i16 = 3;
const RETAINED: i16 = 4;

/// Where a message belongs, and when its claim or delay ends.
fn whereabouts(own: &ExportedMessage, now: i64) -> (i16, i64) {
    let delayed = millis(own.stored.delayed_until);
    let visible = own.hold.map_or(delayed, |hold| millis(hold.ends()));
    let state = match own {
        own if own.kept => RETAINED,
        own if own.exhausted => DEAD,
        own if own.hold.is_some() || delayed > now => WAITING,
        own if own.stored.message.claim_count > 0 => RETURNED,
        _ => READY,
    };
    (state, visible)
}

pub(super) async fn put(
    session: &Session,
    queue: i64,
    items: &[ExportedItem],
    now: i64,
) -> Result<(), Failed> {
    // Of two at one place the later holds.
    let messages: BTreeMap<i64, &ExportedMessage> = items
        .iter()
        .filter_map(|item| match item {
            ExportedItem::Message(own) => Some((position(own.position), own)),
            _ => None,
        })
        .collect();
    let of = |read: &dyn Fn(&ExportedMessage) -> i64| -> Vec<i64> {
        messages.values().map(|own| read(own)).collect()
    };
    let positions: Vec<i64> = messages.keys().copied().collect();
    let nonces = of(&|own| halves(own.stored.message.id).1);
    let foreign: Vec<Option<Uuid>> = messages
        .iter()
        .map(|(at, own)| (uuid_of_message(own.stored.message.id), at, halves(own.stored.message.id)))
        .map(|(id, at, (first, _))| (first != *at).then_some(id))
        .collect();
    let created = of(&|own| millis(own.stored.message.created));
    let expires = of(&|own| millis(own.stored.expires));
    let delays = of(&|own| millis(own.stored.delayed_until));
    let ttls = of(&|own| i64::from(own.stored.message.ttl.get()));
    let counts = of(&|own| i64::from(own.stored.message.claim_count));
    let (states, visible): (Vec<i16>, Vec<i64>) = messages.values().map(|own| whereabouts(own, now)).unzip();
    let holds = || messages.values().map(|own| own.hold);
    let claims: Vec<Option<Uuid>> = holds().map(|hold| hold.map(|hold| uuid_of_claim(hold.id))).collect();
    let renewed: Vec<Option<i64>> = holds().map(|hold| hold.map(|hold| millis(hold.renewed))).collect();
    let claim_ttls: Vec<Option<i64>> =
        holds().map(|hold| hold.map(|hold| i64::from(hold.ttl.get()))).collect();
    let posted: Vec<bool> = messages.values().map(|own| own.posted).collect();
    let letters: Vec<bool> = messages.values().map(|own| own.stored.is_letter).collect();
    let clients: Vec<Vec<u8>> = messages.values().map(|own| client_bytes(&own.stored.client)).collect();
    let checksums: Vec<Option<&[u8]>> =
        messages.values().map(|own| own.stored.message.checksum.as_ref().map(String::as_bytes)).collect();
    let bodies: Vec<&[u8]> = messages.values().map(|own| &**own.stored.message.body.as_bytes()).collect();
    let values = values![
        queue => INT8, positions => INT8_ARRAY, nonces => INT8_ARRAY, foreign => UUID_ARRAY, created => INT8_ARRAY,
        expires => INT8_ARRAY, delays => INT8_ARRAY, visible => INT8_ARRAY, ttls => INT8_ARRAY, counts => INT8_ARRAY,
        claims => UUID_ARRAY, renewed => INT8_ARRAY, claim_ttls => INT8_ARRAY, states => INT2_ARRAY, posted => BOOL_ARRAY,
        letters => BOOL_ARRAY, clients => BYTEA_ARRAY, checksums => BYTEA_ARRAY, bodies => BYTEA_ARRAY,
    ];
    session.execute(PUT, values).await?;
    for statement in FOLLOW {
        session.execute(statement, values![queue => INT8, positions => INT8_ARRAY]).await?;
    }
    Ok(())
}

pub(super) async fn take_out(session: &Session, queue: i64, items: &[ExportedItem]) -> Result<(), Failed> {
    let gone = items.iter().filter_map(|item| match item {
        ExportedItem::MessageGone(at) => Some(position(*at)),
        _ => None,
    });
    let positions: Vec<i64> = gone.collect();
    for statement in TAKE_OUT {
        session.execute(statement, values![queue => INT8, positions => INT8_ARRAY]).await?;
    }
    Ok(())
}
