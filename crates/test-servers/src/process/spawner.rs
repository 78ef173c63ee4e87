//! The thread that starts servers.
//!
//! A server is killed when the *thread* that started it ends. A test's thread may end before the test does, for example
//! that of a runtime. This one ends with the whole process.

use std::io;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread;

type Order = (Command, SyncSender<io::Result<Child>>);

static ORDERS: LazyLock<Sender<Order>> = LazyLock::new(|| {
    let (sender, orders) = channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in orders {
            let _ = answer.send(command.spawn());
        }
    });
    sender
});

pub(super) fn spawn(command: Command) -> io::Result<Child> {
    let (sender, answer) = sync_channel(1);
    ORDERS.send((command, sender)).unwrap();
    answer.recv().unwrap()
}
