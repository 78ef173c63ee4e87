//! Which stores pools may have, by the scheme of their URIs, and how they are opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zaqar_model::Pool;
use zaqar_storage::{Capabilities, MessageStore, PoolFault};
use zaqar_storage_embedded::{DataDirectory, EmbeddedMessageStore, OpenError, Options};
use zaqar_storage_pooled::StoreOpener;

/// One for each driver of this build.
pub(crate) fn all(embedded: Options) -> Vec<Arc<dyn StoreOpener>> {
    vec![Arc::new(EmbeddedOpener { options: embedded })]
}

/// `embedded:///absolute/directory`: a directory that the store has to itself. The options are those of
/// `[drivers:message_store:embedded]`.
#[derive(Debug)]
struct EmbeddedOpener {
    options: Options,
}

#[async_trait::async_trait]
impl StoreOpener for EmbeddedOpener {
    fn scheme(&self) -> &'static str {
        "embedded"
    }

    fn capabilities(&self) -> Capabilities {
        EmbeddedMessageStore::capabilities_with(self.options.durability)
    }

    async fn open(&self, pool: &Pool) -> Result<Arc<dyn MessageStore>, PoolFault> {
        let directory = directory(&pool.uri).map_err(PoolFault::BadUri)?;
        if !pool.options.members().is_empty() {
            tracing::warn!(pool = %pool.name, "options of a pool have no effect on an embedded store");
        }
        let options = self.options.clone();
        let opening = move || EmbeddedMessageStore::open_alone(DataDirectory::lock(&directory)?, options);
        match tokio::task::spawn_blocking(opening).await {
            Ok(Ok(store)) => Ok(Arc::new(store)),
            Ok(Err(error)) => Err(PoolFault::Unreachable(refusal(&error))),
            Err(error) => Err(PoolFault::Unreachable(error.to_string())),
        }
    }
}

/// The directory of an embedded store's URI, or what is wrong with it.
fn directory(uri: &str) -> Result<PathBuf, String> {
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

/// What keeps the store from being opened; the directory may be one that this server has open already.
fn refusal(error: &OpenError) -> String {
    match error {
        OpenError::InUse { path, by: Some(process) } if *process == std::process::id() => {
            format!("{} is in use already, by this server", path.display())
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use zaqar_model::{Metadata, Pool, PoolName, PoolWeight};
    use zaqar_storage::PoolFault;
    use zaqar_storage_embedded::Options;

    use super::{all, directory};

    #[test]
    fn an_embedded_store_is_named_by_an_absolute_directory() {
        assert_eq!(directory("embedded:///srv/zaqar/one").unwrap(), Path::new("/srv/zaqar/one"));
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
            let fault = directory(wrong).unwrap_err();
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
        let opener = Arc::clone(&all(Options::default())[0]);
        let first = opener.open(&pool).await.unwrap();
        let again = opener.open(&pool).await.map(drop);
        let Err(PoolFault::Unreachable(fault)) = again else { panic!("{again:?}") };
        assert!(fault.contains("in use already, by this server"), "{fault}");
        first.close().await.unwrap();
        opener.open(&pool).await.unwrap();
    }
}
