//! A process and those that it started, by their ids.

use std::fs;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// What the system says of a process.
struct State {
    letter: char,
    parent: u32,
}

impl State {
    fn of(id: u32) -> Option<Self> {
        let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name before may hold anything.
        let mut words = line.rsplit_once(')')?.1.split_whitespace();
        Some(Self { letter: words.next()?.chars().next()?, parent: words.next()?.parse().ok()? })
    }

    fn has_ended(&self) -> bool {
        matches!(self.letter, 'Z' | 'X')
    }
}

/// A process and those of its children that have not ended, itself first.
pub(super) fn of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children =
        ids.filter(|id| State::of(*id).is_some_and(|state| state.parent == parent && !state.has_ended()));
    [parent].into_iter().chain(children).collect()
}

/// Those that have ended are passed over.
pub(super) fn signal(ids: &[u32], signal: Signal) {
    for id in ids {
        let id = Pid::from_raw(i32::try_from(*id).unwrap()).unwrap();
        let _ = kill_process(id, signal);
    }
}

/// Stops a process, so that it starts nothing more, and then its children. Answers who they are.
pub(super) fn stop(child: &mut Child) -> Vec<u32> {
    if child.try_wait().unwrap().is_some() {
        return Vec::new();
    }
    signal(&[child.id()], Signal::STOP);
    wait_until(child.id(), |state| state.letter == 'T');
    let ids = of(child.id());
    signal(&ids[1..], Signal::STOP);
    for id in &ids[1..] {
        wait_until(*id, |state| state.letter == 'T');
    }
    ids
}

pub(super) fn wait_for_end(ids: &[u32]) {
    for id in ids {
        wait_until(*id, |_| false);
    }
}

/// Or until it has ended.
fn wait_until(id: u32, is_so: impl Fn(&State) -> bool) {
    wait::until(&format!("process {id} ends or stops"), || match State::of(id) {
        Some(state) if !state.has_ended() && !is_so(&state) => None,
        _ => Some(()),
    });
}
