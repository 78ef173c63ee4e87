//! The files of a PostgreSQL, and the command that serves them.
//!
//! `initdb` takes seconds. So it runs once for each version; what it makes is kept under `target`, and copied.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Account;
use crate::directory::Directory;
use crate::programs;

/// Within the directory of a server.
const DATA: &str = "data";

/// Anyone on this machine may log in as anyone: the tests are about other things.
const INITDB: [&str; 6] = [
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--no-instructions",
];

/// Puts fresh files into the directory of a server.
pub(crate) fn create(directory: &Directory) {
    copy(&template(), &directory.join(DATA));
}

pub(crate) fn data(directory: &Path) -> PathBuf {
    directory.join(DATA)
}

/// The command that serves the files of a directory, on a port, and on a socket in that directory.
pub(crate) fn command(directory: &Path, port: u16, settings: &[(String, String)]) -> Command {
    let mut command = Account::unprivileged().command(programs::of_postgres().join("postgres"));
    command.arg("-D").arg(data(directory));
    let own = [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("unix_socket_directories", directory.display().to_string()),
    ];
    let own = own.iter().map(|(name, value)| (*name, value));
    let settings = settings.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in own.chain(settings) {
        command.args(["-c", &format!("{name}={value}")]);
    }
    command
}

/// The files that `initdb` makes.
fn template() -> PathBuf {
    let kept = programs::target().join("test-servers");
    fs::create_dir_all(&kept).unwrap();
    let initdb = programs::of_postgres().join("initdb");
    let version = programs::output_of(Command::new(&initdb).arg("--version"));
    let version: String = version.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    let template = kept.join(version);
    let gate = File::create(kept.join("initdb.lock")).unwrap();
    gate.lock().unwrap();
    if !template.exists() {
        let directory = Directory::new();
        let made = directory.join(DATA);
        fs::create_dir(&made).unwrap();
        let account = Account::unprivileged();
        account.own(&made);
        programs::output_of(account.command(initdb).args(INITDB).arg("--pgdata").arg(&made));
        let half = template.with_extension("half");
        let _ = fs::remove_dir_all(&half);
        copy(&made, &half);
        fs::rename(half, &template).unwrap();
    }
    template
}

/// With owners and permissions, about which PostgreSQL is particular.
fn copy(from: &Path, to: &Path) {
    programs::output_of(Command::new("cp").args(["--archive", "--reflink=auto"]).args([from, to]));
}
