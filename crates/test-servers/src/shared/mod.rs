//! A server that all tests of a run share, though each may be a process of its own.
//!
//! Who comes first starts it, under a small supervisor in a session of its own. Every process that uses it holds a
//! shared lock on a file, which the system takes back however the process ends. Once nobody has held it for
//! [`LINGER_SECONDS`], the supervisor ends the server and removes its files.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::directory::Directory;
use crate::ports::Reserved;
use crate::{programs, wait};

/// Long enough for the next test to come, short enough that nothing stays behind a run.
const LINGER_SECONDS: u32 = 5;

const SUPERVISE: &str = include_str!("supervise.sh");

pub(crate) trait Program {
    fn name(&self) -> &'static str;
    /// What starts it, with its files in that directory.
    fn command(&self, directory: &Directory, port: &Reserved) -> Command;
    /// The signal that ends it.
    fn end(&self) -> &'static str;
    /// Whether it takes requests, asked by its socket in that directory: another server's port may be the same.
    fn answers(&self, directory: &Path, port: u16) -> bool;
}

/// It runs as long as this lives.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) directory: PathBuf,
    pub(crate) port: u16,
    _used: File,
}

impl Shared {
    pub(crate) fn join(program: &impl Program) -> Self {
        let place = programs::place().join(program.name());
        fs::create_dir_all(&place).unwrap();
        let place = place.canonicalize().unwrap();
        let gate = File::create(place.join("start.lock")).unwrap();
        gate.lock().unwrap();
        // From here on no supervisor ends it; one that just does so is waited for.
        let users = place.join("users.lock");
        let used = File::create(&users).unwrap();
        used.lock_shared().unwrap();

        let running = place.join("running");
        let known = fs::read_to_string(&running).ok().and_then(|text| {
            let (directory, port) = text.split_once('\n')?;
            Some((PathBuf::from(directory), port.parse().ok()?))
        });
        let found = known.filter(|(directory, port)| program.answers(directory, *port));
        let (directory, port) = found.unwrap_or_else(|| {
            let (directory, port) = start(program, &place, &users);
            fs::write(running, format!("{}\n{port}", directory.display())).unwrap();
            (directory, port)
        });
        Self { directory, port, _used: used }
    }
}

fn start(program: &impl Program, place: &Path, users: &Path) -> (PathBuf, u16) {
    let directory = Directory::new();
    let port = Reserved::new();
    let server = program.command(&directory, &port);
    let log = place.join("log");
    let log_file = File::create(&log).unwrap();

    let mut supervisor = Command::new("sh");
    supervisor.args(["-c", SUPERVISE, "supervise", &LINGER_SECONDS.to_string()]).arg(users);
    supervisor.arg(program.end()).arg(directory.path()).arg(server.get_program()).args(server.get_args());
    supervisor.env_clear().envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let (path, port) = (directory.path().to_owned(), port.number());
    supervisor.stdin(directory.give_away()).stdout(log_file.try_clone().unwrap()).stderr(log_file);
    // What ends a test by a signal to its process group leaves the others their server.
    let mut supervisor = supervisor.process_group(0).spawn().unwrap();

    let is_ready = wait::try_until(|| {
        let has_ended = supervisor.try_wait().unwrap().is_some();
        (has_ended || program.answers(&path, port)).then_some(!has_ended)
    });
    if is_ready != Some(true) {
        let mut text = String::new();
        File::open(log).unwrap().read_to_string(&mut text).unwrap();
        panic!("{} does not start:\n{text}", program.name());
    }
    (path, port)
}
