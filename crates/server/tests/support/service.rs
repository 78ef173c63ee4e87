//! Another program that a test talks to.

use std::process::{Child, Command, Stdio};

use super::lines::Lines;

/// Killed when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    pub(crate) output: Lines,
}

impl Service {
    /// Starts it with nothing of the machine's environment. Answers, as soon as it is ready, what stands behind
    /// `listening on ` in its output, too.
    pub(crate) fn start(name: &str, command: &mut Command) -> (Self, String) {
        let command = command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = Lines::collect(child.stdout.take().unwrap());
        let errors = Lines::collect(child.stderr.take().unwrap());
        let service = Self { child, output };
        match service.output.find(|line| line.starts_with("listening on ")) {
            Some(line) => (service, line.trim_start_matches("listening on ").to_owned()),
            None => panic!("{name} does not start:\n{}", errors.all().join("\n")),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
