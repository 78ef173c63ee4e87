//! A server's process: started, killed, paused and started again, by its id and by nobody else's.

mod family;
mod spawner;
mod watchdog;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use crate::wait;
use watchdog::Watchdog;

/// What runs of one server. Killed when it goes out of scope, and when the test is killed.
pub struct Process {
    name: &'static str,
    running: Option<Running>,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    answers: Box<dyn Fn() -> bool + Send + Sync>,
    /// Ends it when it may finish what it does.
    gentle: Signal,
    log: PathBuf,
}

struct Running {
    child: Child,
    paused: Option<Watchdog>,
}

impl Process {
    /// `answers`: whether it takes requests.
    pub(crate) fn new(
        name: &'static str,
        gentle: Signal,
        log: PathBuf,
        command: impl Fn() -> Command + Send + Sync + 'static,
        answers: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let (command, answers) = (Box::new(command), Box::new(answers));
        let mut process = Self { name, running: None, command, answers, gentle, log };
        process.start();
        process
    }

    /// Starts it, again too: at the same port, with the same files. Ready when this returns.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "{} runs already", self.name);
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut child = spawner::spawn(command).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let is_ready = wait::try_until(|| {
            let has_ended = child.try_wait().unwrap().is_some();
            (has_ended || (self.answers)()).then_some(!has_ended)
        });
        // Ends it if it is not ready.
        self.running = Some(Running { child, paused: None });
        assert_eq!(is_ready, Some(true), "{} does not start:\n{}", self.name, self.log());
    }

    /// Lets it finish what it does, and end.
    pub fn stop(&mut self) {
        self.resume();
        let Some(mut running) = self.running.take() else { return };
        let ids = family::of(running.child.id());
        family::signal(&[running.child.id()], self.gentle);
        running.child.wait().unwrap();
        family::wait_for_end(&ids);
    }

    /// Ends it, and what it started, as a power cut does. All of it is gone when this returns.
    pub fn kill(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let ids = family::stop(&mut running.child);
        family::signal(&ids, Signal::KILL);
        let _ = running.child.wait();
        family::wait_for_end(&ids);
    }

    /// Stops it, and what it started, in the middle of whatever it does: connections stay, and nobody answers.
    pub fn pause(&mut self) {
        let running = self.running.as_mut().unwrap_or_else(|| panic!("{} does not run", self.name));
        if running.paused.is_none() {
            running.paused = Some(Watchdog::over(family::stop(&mut running.child)));
        }
    }

    /// Lets it go on where it was paused.
    pub fn resume(&mut self) {
        if let Some(watchdog) = self.running.as_mut().and_then(|running| running.paused.take()) {
            family::signal(watchdog.ids(), Signal::CONT);
        }
    }

    /// `None`: it does not run.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Process").field("name", &self.name).field("id", &self.id()).finish()
    }
}
