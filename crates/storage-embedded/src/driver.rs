//! The driver: its options, and opening its stores in the data directory or in that of a pool.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use zaqar_config::{Config, SectionSpec, choices, section};
use zaqar_model::Pool;
use zaqar_storage::{Capabilities, Driver, ManagementStore, MessageStore, OpenFault, Role, Site};

use crate::{DataDirectory, Durability, EmbeddedManagementStore, EmbeddedMessageStore, OpenError, Options};

const GROUP: &str = "drivers:message_store:embedded";

mod options {
    use super::{choices, section};

    choices! {
        /// What an acknowledged write survives.
        pub enum Durability {
            /// a power cut: it is on the disk before the reply goes out
            Fsync = "fsync",
            /// the end of the process, but not a power cut: it reaches the disk soon afterwards
            Relaxed = "relaxed",
        }
    }

    section! {
        /// The embedded store. It is used as message store and as management store.
        pub struct Embedded;

        /// The data directory. `--data-dir` and the environment variable `ZAQAR_DATA_DIR` take precedence. The default is
        /// `./zaqar-data`.
        data_dir: String = "";

        /// What an acknowledged write survives.
        durability: Durability = Durability::Fsync;

        /// The size of a log segment, in bytes. A full segment is closed, and a new one is started.
        segment_size: u64 = 67_108_864, at_least(16_777_216), at_most(1_073_741_824);
    }
}

impl From<options::Embedded> for Options {
    fn from(options: options::Embedded) -> Self {
        let durability = match options.durability {
            options::Durability::Fsync => Durability::Fsync,
            options::Durability::Relaxed => Durability::Relaxed,
        };
        Self { durability, segment_size: options.segment_size, ..Self::default() }
    }
}

fn options(config: &Config) -> Options {
    config.section::<options::Embedded>(GROUP).into()
}

/// The data directory that the configuration names, if it does.
pub fn configured_directory(config: &Config) -> Option<PathBuf> {
    let directory = config.section::<options::Embedded>(GROUP).data_dir;
    (!directory.is_empty()).then(|| directory.into())
}

/// `embedded`: files in the data directory. A pool is `embedded:///absolute/directory`, which its store has to itself.
#[derive(Debug, Default)]
pub struct EmbeddedDriver {
    /// The server's own directory, while one of the two stores is open in it.
    own: Mutex<Weak<DataDirectory>>,
}

impl EmbeddedDriver {
    /// Locks the server's directory, unless its other store has done so.
    fn own_directory(&self, path: &Path) -> Result<Arc<DataDirectory>, OpenError> {
        let mut own = self.own.lock();
        if let Some(locked) = own.upgrade().filter(|locked| locked.path() == path) {
            return Ok(locked);
        }
        let locked = Arc::new(DataDirectory::lock(path)?);
        *own = Arc::downgrade(&locked);
        Ok(locked)
    }
}

#[async_trait::async_trait]
impl Driver for EmbeddedDriver {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn has(&self, _role: Role) -> bool {
        true
    }

    fn sections(&self) -> Vec<SectionSpec> {
        vec![SectionSpec::new::<options::Embedded>(GROUP)]
    }

    fn place(&self, site: &Site, _role: Role) -> String {
        let path = &site.data_directory;
        std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["embedded"]
    }

    fn capabilities(&self, config: &Config) -> Capabilities {
        EmbeddedMessageStore::capabilities_with(options(config).durability)
    }

    async fn open_messages(
        &self,
        site: &Site,
        pool: Option<&Pool>,
    ) -> Result<Arc<dyn MessageStore>, OpenFault> {
        let directory = match pool {
            None => self.own_directory(&site.data_directory),
            Some(pool) => {
                let directory = directory_of(&pool.uri).map_err(OpenFault::BadUri)?;
                if !pool.options.members().is_empty() {
                    tracing::warn!(pool = %pool.name, "options of a pool have no effect on an embedded store");
                }
                DataDirectory::lock(&directory).map(Arc::new)
            }
        };
        let (directory, options) = (directory.map_err(|error| refusal(&error))?, options(&site.config));
        Ok(Arc::new(opened(move || EmbeddedMessageStore::open_in(directory, options)).await?))
    }

    async fn open_management(&self, site: &Site) -> Result<Arc<dyn ManagementStore>, OpenFault> {
        let directory = self.own_directory(&site.data_directory).map_err(|error| refusal(&error))?;
        let ids = Arc::clone(&site.ids);
        Ok(Arc::new(opened(move || EmbeddedManagementStore::open_in(directory, ids)).await?))
    }
}

/// Opening reads files.
async fn opened<S: Send + 'static>(
    open: impl FnOnce() -> Result<S, OpenError> + Send + 'static,
) -> Result<S, OpenFault> {
    match tokio::task::spawn_blocking(open).await {
        Ok(opened) => opened.map_err(|error| refusal(&error)),
        Err(error) => Err(OpenFault::Unreachable(error.to_string())),
    }
}

/// The directory of an embedded store's URI, or what is wrong with it.
fn directory_of(uri: &str) -> Result<PathBuf, String> {
    const EXAMPLE: &str = "it has the form embedded:///absolute/directory";
    let rest = uri.strip_prefix("embedded:").unwrap_or(uri);
    let Some(rest) = rest.strip_prefix("//") else {
        return Err(format!("the URI of an embedded store names no directory: {EXAMPLE}"));
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !host.is_empty() {
        return Err(format!("an embedded store is on this machine, and its URI names no host: {EXAMPLE}"));
    }
    if path.trim_matches('/').is_empty() {
        return Err(format!("the URI of an embedded store names no directory: {EXAMPLE}"));
    }
    if path.contains(['?', '#', '\0']) || path.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(format!(
            "the URI of an embedded store is a plain path without ., .., ? and #: {EXAMPLE}"
        ));
    }
    Ok(Path::new(path).to_owned())
}

/// What keeps a store from being opened; the directory may be one that this server has open already.
fn refusal(error: &OpenError) -> OpenFault {
    OpenFault::Unreachable(match error {
        OpenError::InUse { path, by: Some(process) } if *process == std::process::id() => {
            format!("{} is in use already, by this server", path.display())
        }
        error => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use zaqar_model::{Metadata, Pool, PoolName, PoolWeight, RandomIds, SystemClock};
    use zaqar_storage::{Driver, OpenFault, Site};

    use super::{EmbeddedDriver, directory_of};

    fn site(directory: &Path) -> Site {
        Site::new(Arc::default(), directory.to_owned(), Arc::new(RandomIds), Arc::new(SystemClock))
    }

    #[test]
    fn an_embedded_store_is_named_by_an_absolute_directory() {
        assert_eq!(directory_of("embedded:///srv/zaqar/one").unwrap(), Path::new("/srv/zaqar/one"));
        for wrong in [
            "embedded:",
            "embedded:/srv",
            "embedded://",
            "embedded:///",
            "embedded://srv/one",
            "embedded://localhost/srv",
            "embedded:///srv/../etc",
            "embedded:///srv/./one",
            "embedded:///srv?a=b",
            "embedded:///srv#x",
        ] {
            let fault = directory_of(wrong).unwrap_err();
            assert!(fault.contains("embedded:///absolute/directory"), "{wrong}: {fault}");
        }
    }

    #[tokio::test]
    async fn one_directory_is_not_opened_twice_until_it_is_closed() {
        let place = tempfile::tempdir().unwrap();
        let pool = Pool {
            name: PoolName::new("one").unwrap(),
            uri: format!("embedded://{}", place.path().display()),
            weight: PoolWeight(1),
            flavor: None,
            options: Metadata::default(),
        };
        let (driver, site) = (EmbeddedDriver::default(), site(Path::new("unused")));
        let first = driver.open_messages(&site, Some(&pool)).await.unwrap();
        let again = driver.open_messages(&site, Some(&pool)).await.map(drop);
        let Err(OpenFault::Unreachable(fault)) = again else { panic!("{again:?}") };
        assert!(fault.contains("in use already, by this server"), "{fault}");
        first.close().await.unwrap();
        driver.open_messages(&site, Some(&pool)).await.unwrap();
    }

    #[tokio::test]
    async fn both_stores_share_the_directory_until_both_are_closed() {
        let place = tempfile::tempdir().unwrap();
        let (driver, site) = (EmbeddedDriver::default(), site(place.path()));
        let management = driver.open_management(&site).await.unwrap();
        let messages = driver.open_messages(&site, None).await.unwrap();
        let another = EmbeddedDriver::default();
        management.close().await.unwrap();
        another.open_management(&site).await.unwrap_err();
        messages.close().await.unwrap();
        another.open_management(&site).await.unwrap();
    }
}
