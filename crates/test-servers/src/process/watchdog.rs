//! Ends paused processes with the test that paused them.
//!
//! A server is killed with its test, but what it started is told only by a signal, which a paused process never sees.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Kills what it was given once this process, the only writer of its input, is gone.
const WATCH: &str = "read -r _; kill -KILL \"$@\"";

pub(super) struct Watchdog {
    child: Child,
    ids: Vec<u32>,
}

impl Watchdog {
    pub(super) fn over(ids: Vec<u32>) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "watchdog"]).args(ids.iter().map(u32::to_string));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // What kills the test's process group is what it is there for.
        Self { child: command.process_group(0).spawn().unwrap(), ids }
    }

    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
