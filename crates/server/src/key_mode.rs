//! Private keys that come from outside, and who else can read them. That is told and not refused: a certificate that is
//! renewed by another program would otherwise end with the old one, and containers mount keys with such a mode into a
//! place where nobody else is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A sentence where every user of this machine can read the file that `option` names. Whether there is such a file is
/// not the question here.
pub(crate) fn open_to_all(option: &str, path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o007 != 0).then(|| {
        format!(
            "{option} = {}: every user of this machine can get at the private key (mode {mode:03o}): \
             run chmod 640 on it",
            path.display()
        )
    })
}
