//! A line to a server that is cut, held or refused when a test says so.
//!
//! It knows no protocol. What comes from the client is a request, what comes from the server is an answer.

mod cutter;
mod line;
mod rules;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};

use crate::ports::Reserved;
use crate::wait;
pub use cutter::Cutter;
use rules::{Mode, Rules};

/// Where a line is cut: what the client sees is the same each time, what the server did is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the request reaches the server.
    BeforeRequest,
    /// Right after the request was sent on. The server may do it or not.
    BehindRequest,
    /// Before the request reaches the server, which gets it later: when [`Proxy::send_late`] says so.
    LateRequest,
    /// When the server has answered. It did what was asked, and the client does not hear of it.
    BeforeAnswer,
}

/// Lines pass everything until it is told otherwise. All of them end when it goes out of scope.
#[derive(Debug)]
pub struct Proxy {
    port: Reserved,
    rules: Arc<Rules>,
    /// Its own, so that it works while the runtime of a test waits for something else.
    runtime: Option<Runtime>,
}

impl Proxy {
    pub fn to(server: SocketAddr) -> Self {
        let port = Reserved::new();
        let rules = Arc::new(Rules::default());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(serve(port.address, server, Arc::clone(&rules)));
        let proxy = Self { port, rules, runtime: Some(runtime) };
        proxy.turn(Mode::Pass);
        proxy
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address
    }

    /// Lets everything through, again too.
    pub fn pass(&self) {
        self.turn(Mode::Pass);
    }

    /// Holds back whatever comes from either side until it passes again.
    pub fn hold(&self) {
        self.turn(Mode::Hold);
    }

    /// Ends all lines and takes no new ones until it passes again.
    pub fn refuse(&self) {
        self.turn(Mode::Refuse);
    }

    /// From now on each answer takes so much longer.
    pub fn delay(&self, by: Duration) {
        self.rules.delay(by);
    }

    /// Cuts the line of the next request that has these bytes in it, and no other. Empty: of whichever comes next.
    pub fn cut_next(&self, cut: Cut, containing: &[u8]) {
        self.rules.cut_next(cut, containing);
    }

    /// Cuts no line until it is told to again.
    pub fn cut_none(&self) {
        self.rules.cut_none();
    }

    /// Sends on the request that was held back at a [`Cut::LateRequest`], and returns when the server has answered it or has
    /// ended the connection.
    pub fn send_late(&self) {
        self.rules.send_late();
        wait::until("the late request is at its end", || self.rules.late_is_over().then_some(()));
    }

    /// How many lines were cut.
    pub fn cuts(&self) -> usize {
        self.rules.cuts()
    }

    fn turn(&self, mode: Mode) {
        self.rules.mode.send_replace(mode);
        wait::until("the port of the proxy opens or closes", || {
            (self.rules.is_open() == (mode != Mode::Refuse)).then_some(())
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(own: SocketAddr, server: SocketAddr, rules: Arc<Rules>) {
    let mut mode = rules.mode.subscribe();
    loop {
        let _ = mode.wait_for(|mode| *mode != Mode::Refuse).await;
        let listener = listen(own);
        rules.open(true);
        loop {
            tokio::select! {
                _ = mode.wait_for(|mode| *mode == Mode::Refuse) => break,
                accepted = listener.accept() => {
                    let Ok((client, _)) = accepted else { continue };
                    tokio::spawn(line::carry(client, server, Arc::clone(&rules)));
                }
            }
        }
        drop(listener);
        rules.open(false);
    }
}

/// At a port that the proxy keeps while it does not listen.
fn listen(own: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(own).unwrap();
    socket.listen(1024).unwrap()
}
