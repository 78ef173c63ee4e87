//! Files whose content is in force, and is put into force again when they change.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::Signal;
use tokio::time::MissedTickBehavior;

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(2);

pub(crate) trait WatchedFiles: Send + Sync + 'static {
    type Content: Send + 'static;
    /// As it completes "… has changed".
    const NAME: &'static str;

    fn stamp(&self) -> Stamp;

    /// What the files say, and what is odd about it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, a line each.
    fn load(&self) -> Result<(Self::Content, Vec<String>), Vec<String>>;
}

/// What files look like from outside. It changes when they do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, Option<Look>)>);

#[derive(Debug, PartialEq, Eq)]
struct Look {
    modified: SystemTime,
    size: u64,
    /// Another file under the same name may have the same time and size.
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let look = |path: PathBuf| {
            let seen = fs::metadata(&path).and_then(|data| {
                Ok(Look { modified: data.modified()?, size: data.len(), inode: data.ino() })
            });
            (path, seen.ok())
        };
        Self(paths.into_iter().map(look).collect())
    }
}

/// Files as they were when the server started.
pub(crate) struct FirstRead<F: WatchedFiles> {
    pub(crate) content: F::Content,
    /// What is odd about it.
    pub(crate) remarks: Vec<String>,
    pub(crate) following: FileWatch<F>,
}

/// Files that were read once, to be watched from then on.
#[derive(Debug)]
pub(crate) struct FileWatch<F> {
    files: Arc<F>,
    seen: Stamp,
}

impl<F: WatchedFiles> FileWatch<F> {
    /// Reads the files for the first time.
    pub(crate) fn begin(files: F) -> anyhow::Result<FirstRead<F>> {
        let seen = files.stamp();
        let loaded = files.load().map_err(|errors| anyhow::anyhow!(errors.join("\nzaqar: ")));
        let (content, remarks) = loaded?;
        Ok(FirstRead { content, remarks, following: Self { files: Arc::new(files), seen } })
    }

    /// Reads the files again whenever they have changed, and with each of `hangups` in any case, until it is dropped.
    /// What cannot be read is told once, and what was in force stays.
    pub(crate) async fn run(self, mut hangups: Signal, put_into_force: impl Fn(F::Content)) {
        let Self { files, mut seen } = self;
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                _ = ticks.tick() => false,
                // `None`: nothing will ever come.
                hangup = hangups.recv() => hangup.is_some(),
            };
            let looking = Arc::clone(&files);
            // Files may be on a slow disk.
            let looked = tokio::task::spawn_blocking(move || {
                let stamp = looking.stamp();
                let changed = stamp != seen;
                (stamp, changed, (changed || asked).then(|| looking.load()))
            });
            let (stamp, changed, loaded) = match looked.await {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::error!(%error, "changes of {} are not watched any more", F::NAME);
                    return;
                }
            };
            seen = stamp;
            match loaded {
                None => {}
                Some(Ok((content, remarks))) => {
                    put_into_force(content);
                    tracing::info!("{} {}", F::NAME, if changed { "has changed" } else { "was read again" });
                    for remark in remarks {
                        tracing::warn!("{remark}");
                    }
                }
                Some(Err(errors)) => {
                    for error in errors {
                        tracing::error!("{} stays as it was: {error}", F::NAME);
                    }
                }
            }
        }
    }
}
