//! Who servers run as. PostgreSQL and pgbouncer refuse to run as root, as which the tests of a container often run.

use std::ffi::OsStr;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use crate::programs;

/// Made by Debian's package.
const NAME: &str = "postgres";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Account {
    /// The one that runs the tests.
    Own,
    /// That of `postgres`.
    Postgres,
}

impl Account {
    /// One that is not root's.
    pub(crate) fn unprivileged() -> Self {
        if rustix::process::geteuid().is_root() { Self::Postgres } else { Self::Own }
    }

    /// A program of this account. It is killed when the thread that starts it ends, however that comes.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig=KILL");
        if let Self::Postgres = self {
            command.args(["--reuid", NAME, "--regid", NAME, "--init-groups"]);
        }
        command.arg("--").arg(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
        command.stdin(std::process::Stdio::null());
        command
    }

    /// Gives it a file or a directory, without what is in it.
    pub(crate) fn own(self, path: &Path) {
        if let Self::Postgres = self {
            let [user, group] = ["-u", "-g"]
                .map(|what| programs::output_of(Command::new("id").args([what, NAME])).parse().unwrap());
            chown(path, Some(user), Some(group)).unwrap();
        }
    }
}
