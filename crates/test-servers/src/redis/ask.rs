//! The little of the protocol that starting servers takes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Duration;

/// How long a server that accepts a connection may be silent: one that is paused never says a word.
pub(crate) const SILENCE: Duration = Duration::from_secs(2);

/// What a command answers; a list has a line each.
pub(crate) fn ask(connection: impl Read + Write, words: &[&str]) -> io::Result<String> {
    ask_all(connection, &[words])
}

/// What the last of several commands answers.
pub(crate) fn ask_all(connection: impl Read + Write, commands: &[&[&str]]) -> io::Result<String> {
    let mut connection = BufReader::new(connection);
    let mut last = String::new();
    for words in commands {
        let words: Vec<_> = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        connection.get_mut().write_all(format!("*{}\r\n{}", words.len(), words.concat()).as_bytes())?;
        last = read(&mut connection)?;
    }
    Ok(last)
}

/// Whether the server is done with reading its files.
pub(crate) fn takes_commands(connection: impl Read + Write) -> bool {
    match ask(connection, &["PING"]) {
        Ok(_) => true,
        // It wants a password first, or is a replica without its primary.
        Err(error) => ["NOAUTH", "MASTERDOWN"].iter().any(|code| error.to_string().starts_with(code)),
    }
}

fn read(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line.trim_end();
    let Some((kind, rest)) = line.split_at_checked(1) else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let number = || rest.parse::<usize>().map_err(io::Error::other);
    match kind {
        "-" => Err(io::Error::other(rest.to_owned())),
        "+" | ":" => Ok(rest.to_owned()),
        // Nothing at all.
        _ if rest == "-1" => Ok(String::new()),
        "$" => {
            let mut text = vec![0; number()? + 2];
            from.read_exact(&mut text)?;
            text.truncate(text.len() - 2);
            String::from_utf8(text).map_err(io::Error::other)
        }
        "*" => {
            let lines: io::Result<Vec<_>> = (0..number()?).map(|_| read(from)).collect();
            Ok(lines?.join("\n"))
        }
        _ => Err(io::Error::other(format!("unknown answer: {line}"))),
    }
}
