//! The output of a child process, line by line, as it comes.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long a line may take before a test gives up. Only a test that fails ever waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines that a thread collects until the other side closes.
#[derive(Debug)]
pub(crate) struct Lines {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    closed: bool,
}

impl Lines {
    pub(crate) fn collect(source: impl Read + Send + 'static) -> Self {
        let state = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                shared.0.lock().unwrap().lines.push(line);
                shared.1.notify_all();
            }
            shared.0.lock().unwrap().closed = true;
            shared.1.notify_all();
        });
        Self { state }
    }

    /// The first line that `wanted` accepts, among those that came and those that come. `None`: the output was closed
    /// without it.
    pub(crate) fn find(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let (lock, changed) = &*self.state;
        let is_open = |state: &mut State| !state.closed && !state.lines.iter().any(|line| wanted(line));
        let (state, waited) = changed.wait_timeout_while(lock.lock().unwrap(), PATIENCE, is_open).unwrap();
        assert!(!waited.timed_out(), "the line does not come; so far:\n{}", state.lines.join("\n"));
        state.lines.iter().find(|line| wanted(line)).cloned()
    }

    /// The first line that `wanted` accepts, among those that came.
    pub(crate) fn find_so_far(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let state = self.state.0.lock().unwrap();
        state.lines.iter().find(|line| wanted(line)).cloned()
    }

    /// Everything, once the output is closed.
    pub(crate) fn all(&self) -> Vec<String> {
        let (lock, changed) = &*self.state;
        let (state, waited) =
            changed.wait_timeout_while(lock.lock().unwrap(), PATIENCE, |state| !state.closed).unwrap();
        assert!(!waited.timed_out(), "the output is not closed; so far:\n{}", state.lines.join("\n"));
        state.lines.clone()
    }
}
