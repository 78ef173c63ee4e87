//! A post in the form of the log. The caller encodes it from borrowed messages, so nothing is cloned on the way to
//! the writer thread, which only copies bytes.

use zaqar_model::{ClientId, NewMessage, Timestamp};

use crate::index::Entry;
use crate::log::{Client, Location, MessageRecord, Placement, encode_unnumbered};

/// Maximum bytes of a message in the log beyond body and client id: fixed fields and checksum.
const MESSAGE_OVERHEAD: usize = 160;

/// The messages of one post, without sequence numbers: the writer thread assigns them.
#[derive(Debug)]
pub(crate) struct EncodedPost {
    pub(super) records: Vec<u8>,
    /// One for each record, with locations relative to the start of `records`.
    pub(super) messages: Vec<Entry>,
}

impl EncodedPost {
    pub(crate) fn new(destination: u64, client: &ClientId, messages: &[NewMessage], now: Timestamp) -> Self {
        let size =
            |message: &NewMessage| message.body.as_bytes().len() + client.as_str().len() + MESSAGE_OVERHEAD;
        let mut records = Vec::with_capacity(messages.iter().map(size).sum());
        let client = Client::new(client.as_str());
        let messages = messages.iter().map(|message| {
            let record = MessageRecord {
                destination,
                sequence: 0,
                id: None,
                created: now,
                expires: message.ttl.after(now),
                delayed_until: message.delay.after(now),
                ttl: message.ttl,
                claim_count: 0,
                placement: Placement::Queued,
                is_letter: false,
                client,
                checksum: message.checksum.as_deref().unwrap_or_default(),
                body: message.body.as_bytes(),
            };
            let offset = records.len();
            encode_unnumbered(&record, &mut records);
            let number = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
            let location =
                Location { segment: 0, offset: number(offset), length: number(records.len() - offset) };
            Entry::new(location, &record)
        });
        Self { messages: messages.collect(), records }
    }
}
