//! Cuts a line again and again, each time at another place of another request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Cut, Proxy};

const CUTS: [Cut; 3] = [Cut::BeforeAnswer, Cut::BehindRequest, Cut::BeforeRequest];

/// Chooses by a sequence without a pattern, which is the same each time: so that calls which follow each other in a pattern are
/// all cut everywhere.
#[derive(Debug)]
pub struct Cutter {
    proxy: Arc<Proxy>,
    /// Bytes, each of a kind of request.
    requests: &'static [&'static [u8]],
    turn: AtomicU64,
}

impl Cutter {
    /// Cuts at requests that have one of these in them. One that is there twice is chosen twice as often.
    pub fn of(proxy: Arc<Proxy>, requests: &'static [&'static [u8]]) -> Self {
        Self { proxy, requests, turn: AtomicU64::new(0) }
    }

    /// Cuts the line at the next request of some kind.
    pub fn cut_next(&self) {
        let turn = self.next_turn();
        self.proxy.cut_next(CUTS[below(turn, CUTS.len())], self.request(turn));
    }

    /// Cuts the line before the next request of some kind.
    pub fn cut_before_next(&self) {
        let turn = self.next_turn();
        self.proxy.cut_next(Cut::BeforeRequest, self.request(turn));
    }

    fn request(&self, turn: u64) -> &'static [u8] {
        self.requests[below(turn >> 16, self.requests.len())]
    }

    /// The sequence of splitmix64.
    fn next_turn(&self) -> u64 {
        let turn = self.turn.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let mixed = (turn ^ (turn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn below(number: u64, end: usize) -> usize {
    usize::try_from(number & 0xffff).unwrap() % end
}
