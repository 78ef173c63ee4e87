//! What a proxy is told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::Cut;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Pass,
    Hold,
    Refuse,
}

#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) mode: watch::Sender<Mode>,
    is_open: AtomicBool,
    delay: Mutex<Duration>,
    next: Mutex<Option<(Cut, Vec<u8>)>>,
    cuts: AtomicUsize,
    pub(super) late: watch::Sender<Late>,
}

/// What becomes of a request that is held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Late {
    #[default]
    Held,
    Sent,
    Over,
}

impl Rules {
    pub(super) fn open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::SeqCst);
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    pub(super) fn delay(&self, by: Duration) {
        *self.delay.lock().unwrap() = by;
    }

    pub(super) fn delay_of_answers(&self) -> Duration {
        *self.delay.lock().unwrap()
    }

    pub(super) fn cut_next(&self, cut: Cut, containing: &[u8]) {
        *self.next.lock().unwrap() = Some((cut, containing.to_owned()));
    }

    pub(super) fn cut_none(&self) {
        *self.next.lock().unwrap() = None;
    }

    /// Where the line of this request is to be cut.
    pub(super) fn cut_of(&self, request: &[u8]) -> Option<Cut> {
        let mut next = self.next.lock().unwrap();
        let (cut, wanted) = next.as_ref()?;
        let found = wanted.is_empty() || request.windows(wanted.len()).any(|window| window == wanted);
        let cut = found.then_some(*cut)?;
        *next = None;
        Some(cut)
    }

    pub(super) fn send_late(&self) {
        self.late.send_replace(Late::Sent);
    }

    pub(super) fn late_is_over(&self) -> bool {
        *self.late.borrow() == Late::Over
    }

    pub(super) fn count_cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}
