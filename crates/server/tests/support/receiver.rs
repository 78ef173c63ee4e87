//! A subscriber: an HTTP server whose answer can be switched while it runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Only a test that fails ever waits so long: longer than any lease.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered: a status line with headers, each line ended. `None`: nothing, ever.
pub(crate) type Answer = Option<String>;
type Decide = Box<dyn FnMut(&Received) -> Answer + Send>;

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    decide: Mutex<Decide>,
    received: Mutex<Vec<Received>>,
    changed: Condvar,
}

pub(crate) fn status(status: u16) -> Answer {
    Some(format!("{status} Whatever\r\n"))
}

impl Receiver {
    /// Answers everything with this status.
    pub(crate) fn answering(code: u16) -> Self {
        Self::deciding(move |_| status(code))
    }

    pub(crate) fn deciding(decide: impl FnMut(&Received) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            decide: Mutex::new(Box::new(decide)),
            received: Mutex::default(),
            changed: Condvar::new(),
        });
        let state = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&state);
                thread::spawn(move || state.serve(stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn switch_to(&self, code: u16) {
        *self.shared.decide.lock().unwrap() = Box::new(move |_| status(code));
    }

    /// All that has come, once it is enough.
    pub(crate) fn wait_until(&self, is_enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let received = self.shared.received.lock().unwrap();
        let waiting = |received: &mut Vec<Received>| !is_enough(received);
        let (received, waited) = self.shared.changed.wait_timeout_while(received, PATIENCE, waiting).unwrap();
        assert!(!waited.timed_out(), "it does not come; so far {}: {:?}", received.len(), received.last());
        received.clone()
    }

    pub(crate) fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(|received| received.len() >= count)
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut stream = BufReader::new(stream);
        while let Some(received) = read(&mut stream) {
            let answer = (self.decide.lock().unwrap())(&received);
            self.received.lock().unwrap().push(received);
            self.changed.notify_all();
            let Some(answer) = answer else {
                // Until the other side has enough of it.
                let _ = stream.read(&mut [0]);
                return;
            };
            let answer = format!("HTTP/1.1 {answer}Content-Length: 4\r\n\r\nseen");
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// `None` where the other side has hung up.
fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let pairs = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let headers: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut received = Received { path, headers, body: Vec::new() };
    let length = received.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    received.body.resize(length, 0);
    stream.read_exact(&mut received.body).ok()?;
    Some(received)
}
