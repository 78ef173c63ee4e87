//! Whether a PostgreSQL answers, as `pg_isready` finds out.

use std::io::{Read, Write};
use std::time::Duration;

/// `cannot_connect_now`: it starts or ends.
const STARTS_OR_ENDS: &[u8] = b"57P03";

/// Whether the one at the other end of a connection takes sessions.
pub(crate) fn takes_sessions(mut connection: impl Read + Write) -> bool {
    let mut words = vec![0, 3, 0, 0];
    words.extend_from_slice(b"user\0postgres\0database\0postgres\0\0");
    let length = u32::try_from(words.len() + 4).unwrap().to_be_bytes();
    let sent = connection.write_all(&length).and_then(|()| connection.write_all(&words));
    let mut answer = [0; 512];
    let received = sent.and_then(|()| connection.read(&mut answer)).unwrap_or_default();
    let answer = &answer[..received];
    // One that has too many sessions is there, too.
    !answer.is_empty() && !answer.windows(STARTS_OR_ENDS.len()).any(|window| window == STARTS_OR_ENDS)
}

/// How long a server that accepts a connection may be silent: one that is paused never says a word.
pub(crate) const SILENCE: Duration = Duration::from_secs(2);
