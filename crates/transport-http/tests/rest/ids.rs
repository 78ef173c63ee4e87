//! Ids in responses. They are new each time, so responses are compared without them.

/// The UUID at the beginning of a text.
pub(crate) fn at_start(text: &str) -> Option<&str> {
    let is_id = |start: &&str| {
        start.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    text.get(..36).filter(is_id)
}

/// The text with every UUID replaced.
pub(crate) fn replaced(text: &str, mut by: impl FnMut(&str) -> String) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(id) = at_start(rest) {
            plain.push_str(&by(id));
            rest = &rest[id.len()..];
        } else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    plain
}

/// The text with the queue's number left out of every marker of messages.
pub(crate) fn without_queue_numbers(text: &str) -> String {
    let mut pieces = text.split("marker=");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let place = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == 'd').len();
        let (place, rest) = piece.split_at(place);
        let number = rest.strip_prefix('-').filter(|_| !place.is_empty());
        let rest = number.map_or(rest, |number| number.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        plain.push_str(&format!("marker={place}{rest}"));
    }
    plain
}
