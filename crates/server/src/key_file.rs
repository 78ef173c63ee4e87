//! The file with the server's own keys for messages: one a line in base64. The first encrypts, all of them decrypt.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use zaqar_domain::Key;
use zaqar_model::IdSource;
use zeroize::Zeroizing;

const NAME: &str = "message-encryption.key";

/// A larger file holds something else than keys, in bytes.
const LARGEST: u64 = 64 << 10;

const HEAD: &str = "\
# The keys for the messages of encrypted queues, one a line, in base64.
# The first encrypts, all of them decrypt. Keep a copy: without its key no message can be read.
";

pub(crate) fn path(directory: &Path) -> PathBuf {
    directory.join(NAME)
}

/// The keys in their order. `None`: there is no such file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Vec<Key>>> {
    let shown = path.display();
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.with_context(|| format!("cannot read {shown}"))?,
    };
    let mode = file.metadata().with_context(|| format!("cannot read {shown}"))?.permissions().mode() & 0o777;
    ensure!(
        mode & 0o077 == 0,
        "{shown} holds secret keys and is open to other users (mode {mode:03o}): run chmod 600 on it"
    );
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST).read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
    let mut keys = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')) {
        let line = line.trim();
        match Key::spelled_out(line) {
            Some(key) => keys.push(key),
            None if line.is_empty() => {}
            None => bail!(
                "{shown}:{number}: this is no key, which is 32 bytes in base64: put back a copy of the file"
            ),
        }
    }
    ensure!(!keys.is_empty(), "{shown} holds no key: put back a copy of the file");
    Ok(Some(keys))
}

/// Makes the file with a new key in it. Afterwards it is durable: no message is encrypted with a key that a power cut
/// could take away.
pub(crate) fn create(path: &Path, ids: &dyn IdSource) -> io::Result<Key> {
    let key = Key::random(ids);
    let unfinished = path.with_extension("key.new");
    // What a crash has left of an earlier attempt.
    if let Err(error) = fs::remove_file(&unfinished)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(HEAD.as_bytes())?;
    file.write_all(key.spell_out().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;
    use zaqar_model::RandomIds;

    use super::{create, path, read};

    #[test]
    fn what_was_made_is_read_back_and_private() {
        let directory = TempDir::new().unwrap();
        let path = path(directory.path());
        assert!(read(&path).unwrap().is_none());
        fs::write(path.with_extension("key.new"), "half of a f").unwrap();
        let made = create(&path, &RandomIds).unwrap();
        let read = read(&path).unwrap().unwrap();
        assert_eq!(read.iter().map(|key| key.id()).collect::<Vec<_>>(), [made.id()]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_is_damaged_or_open_to_others_is_refused_by_its_name() {
        let directory = TempDir::new().unwrap();
        let path = path(directory.path());
        let key = create(&path, &RandomIds).unwrap().spell_out();
        let refused = |text: &[u8], mode, words: &str| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = format!("{:#}", read(&path).unwrap_err());
            assert!(error.contains(path.to_str().unwrap()) && error.contains(words), "{error}");
            assert!(!error.contains(&key[..8]), "{error}");
        };
        refused(key.as_bytes(), 0o640, "chmod 600");
        refused(b"", 0o600, "no key");
        refused(b"# nothing\n\n", 0o600, "no key");
        refused(format!("{}\n{}\n", *key, &key[1..]).as_bytes(), 0o600, ":2: ");
        refused(b"\xff\xfe", 0o600, "cannot read");
    }
}
