//! Lanes: some connections each, that do the work of those who wait, one group after the other. A request that is given
//! up leaves its work to the lane, so that no statement is ever broken off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use zaqar_storage::{StorageError, StorageResult};

use super::{Connector, Failed, Session};

const WAITS: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// A piece of work of one kind that can be done together with others.
#[async_trait::async_trait]
pub(crate) trait Work: Send + Sized + 'static {
    type Answer: Send + 'static;
    const IS_WRITE: bool;
    /// Maximum number that are done together.
    const MOST: usize;

    /// Does the work of all, and answers each. Those that are not answered are told why this has failed.
    async fn perform(session: &Session, group: &mut [Waiting<Self>]) -> Result<(), Failed>;
}

/// A piece of work with whoever waits for it.
pub(crate) struct Waiting<W: Work> {
    pub(crate) work: W,
    answer: Option<oneshot::Sender<StorageResult<W::Answer>>>,
    progress: Arc<AtomicU8>,
}

impl<W: Work> Waiting<W> {
    pub(crate) fn answer(&mut self, answer: StorageResult<W::Answer>) {
        if let Some(waiting) = self.answer.take() {
            // Whoever waited may have gone: the work is done all the same.
            let _ = waiting.send(answer);
        }
    }

    pub(crate) const fn is_answered(&self) -> bool {
        self.answer.is_none()
    }

    /// Whether somebody waits for it, or has handed it in and gone. Who has given it up was told that it was not done.
    fn begin(&self) -> bool {
        match self.progress.compare_exchange(WAITS, BEGUN, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => true,
            // It is tried again: whoever has waited too long may have asked another lane by now.
            Err(progress) => {
                progress == BEGUN && self.answer.as_ref().is_some_and(|answer| !answer.is_closed())
            }
        }
    }
}

/// Where work of one kind is handed in.
pub(crate) struct Lane<W: Work> {
    sender: mpsc::Sender<Waiting<W>>,
    patience: Duration,
}

impl<W: Work> Lane<W> {
    /// Opens a lane of so many connections, each of which is made when it is needed.
    pub(crate) fn open(
        connector: &Arc<Connector>,
        connections: usize,
        patience: Duration,
        tasks: &mut Vec<JoinHandle<()>>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(4096);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..connections.max(1) {
            let (connector, receiver) = (Arc::clone(connector), Arc::clone(&receiver));
            tasks.push(tokio::spawn(serve::<W>(connector, receiver, patience)));
        }
        Self { sender, patience }
    }

    /// Hands in work and waits for its answer.
    pub(crate) async fn ask(&self, work: W) -> StorageResult<W::Answer> {
        let (answer, answered) = oneshot::channel();
        let progress = Arc::new(AtomicU8::new(WAITS));
        let waiting = Waiting { work, answer: Some(answer), progress: Arc::clone(&progress) };
        let deadline = Instant::now() + self.patience;
        let answer = timeout_at(deadline, async {
            self.sender.send(waiting).await.ok()?;
            answered.await.ok()
        });
        match answer.await {
            Ok(Some(answer)) => answer,
            ended => {
                let was_waiting =
                    progress.compare_exchange(WAITS, GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst).is_ok();
                let why =
                    if ended.is_ok() { "the store is closed" } else { "PostgreSQL did not answer in time" };
                if was_waiting || !W::IS_WRITE {
                    return Err(StorageError::unavailable(why));
                }
                Err(StorageError::outcome_unknown(why))
            }
        }
    }
}

/// What waits, as soon as there is something; `None` when the lane is closed.
async fn next_group<W: Work>(receiver: &Mutex<mpsc::Receiver<Waiting<W>>>) -> Option<Vec<Waiting<W>>> {
    let mut receiver = receiver.lock().await;
    let mut group = vec![receiver.recv().await?];
    while group.len() < W::MOST
        && let Ok(next) = receiver.try_recv()
    {
        group.push(next);
    }
    Some(group)
}

async fn serve<W: Work>(
    connector: Arc<Connector>,
    receiver: Arc<Mutex<mpsc::Receiver<Waiting<W>>>>,
    patience: Duration,
) {
    let mut session: Option<Session> = None;
    while let Some(mut group) = next_group(&receiver).await {
        let until = Instant::now() + patience / 2;
        while !group.is_empty() {
            let failed = match attempt(&connector, &mut session, &mut group, patience).await {
                Ok(()) => break,
                Err(failed) => failed,
            };
            group.retain(|waiting| !waiting.is_answered());
            if failed.is_worth_another_try(W::IS_WRITE) && Instant::now() < until {
                let reason = failed.told(W::IS_WRITE);
                tracing::debug!(%reason, "the work is tried again");
                continue;
            }
            for waiting in &mut group {
                waiting.answer(Err(failed.told(W::IS_WRITE)));
            }
            break;
        }
    }
}

/// Does the work of a group over a connection that is open.
async fn attempt<W: Work>(
    connector: &Connector,
    place: &mut Option<Session>,
    group: &mut Vec<Waiting<W>>,
    patience: Duration,
) -> Result<(), Failed> {
    let is_good = |session: &Session| !session.is_closed() && !connector.has_left_behind(session);
    let session = match place.take().filter(is_good) {
        Some(session) => session,
        None => connector.connect().await?,
    };
    // Nobody may know better than the lane whether the work was begun.
    group.retain(Waiting::begin);
    if group.is_empty() {
        *place = Some(session);
        return Ok(());
    }
    let done = match timeout(patience, W::perform(&session, group)).await {
        Ok(done) => done,
        Err(_) => Err(Failed::TookTooLong),
    };
    let done = if W::IS_WRITE && session.was_in_doubt() { done.and(Err(Failed::InDoubt)) } else { done };
    let is_of_use = match &done {
        Ok(()) => true,
        Err(failed) => !failed.ends_the_connection() && session.roll_back().await,
    };
    if is_of_use {
        *place = Some(session);
    } else if let Err(failed) = &done
        && W::IS_WRITE
        && failed.leaves_it_open()
    {
        let lost = session.name.clone();
        drop(session);
        *place = connector.connect_behind(&lost).await;
    }
    done
}
