//! What the servers keep when they end, as far as they tell.

use std::collections::HashMap;

use redis::cmd;
use zaqar_storage::{StorageError, StorageResult};

use crate::connection::{Link, Reply, Servers};

const ASKED: [&str; 5] = ["appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy"];
/// The first version whose scripts can say that they touch one slot alone.
const OLDEST: u64 = 7;

/// The settings of one server. One that does not tell has none.
type Settings = HashMap<String, String>;

/// Looks at the servers and warns of what an operator may not have meant. Returns whether what is acknowledged survives a
/// power cut.
pub(crate) async fn look(servers: &Servers, waits_for_disk: bool) -> StorageResult<bool> {
    let topology = servers.topology().await.map_err(|away| StorageError::unavailable(away.why))?;
    let mut is_durable = true;
    for address in topology.addresses() {
        let link = servers.dialer.dial(address, None).await.map_err(StorageError::unavailable)?;
        check_version(&link).await?;
        if waits_for_disk && !knows(&link, "WAITAOF").await? {
            let why = format!("{address} has no WAITAOF: wait_for_aof needs Redis 7.2 or later, or Valkey");
            return Err(StorageError::driver(why));
        }
        let settings = settings(&link).await;
        let is = |name: &str, value: &str| settings.get(name).is_some_and(|own| own == value);
        if waits_for_disk && is("appendonly", "no") {
            return Err(StorageError::driver(format!(
                "{address} has appendonly no: wait_for_aof needs it to be yes"
            )));
        }
        if is("appendonly", "no") && is("save", "") {
            tracing::warn!(server = %address, "the server keeps nothing on disk: everything is lost when it ends");
        }
        let may_evict = settings.get("maxmemory").is_some_and(|bytes| bytes != "0")
            && settings.get("maxmemory-policy").is_some_and(|policy| policy != "noeviction");
        if may_evict {
            tracing::warn!(server = %address, "the server evicts keys when its memory is full: queues and messages get lost; \
                set maxmemory-policy to noeviction");
        }
        let is_synced = is("appendonly", "yes") && (waits_for_disk || is("appendfsync", "always"));
        is_durable &= is_synced && !may_evict;
    }
    Ok(is_durable)
}

async fn check_version(link: &Link) -> StorageResult<()> {
    let mut info = cmd("INFO");
    info.arg("server");
    let text = link.ask(info).await.map_err(|error| StorageError::unavailable(error.to_string()))?.bytes()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let version = text.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse().ok());
    if major.is_some_and(|major: u64| major < OLDEST) {
        return Err(StorageError::driver(format!(
            "Redis {version} is too old: {OLDEST}.0 or later is needed"
        )));
    }
    Ok(())
}

async fn knows(link: &Link, command: &str) -> StorageResult<bool> {
    let mut info = cmd("COMMAND");
    info.arg("INFO").arg(command);
    let answer = link.ask(info).await.map_err(|error| StorageError::unavailable(error.to_string()))?;
    Ok(answer.list()?.next().is_some_and(|known| !known.is_nothing()))
}

/// Where a server does not tell, nothing is known of it.
async fn settings(link: &Link) -> Settings {
    let mut get = cmd("CONFIG");
    get.arg("GET").arg(&ASKED);
    let Ok(answer) = link.ask(get).await else { return Settings::new() };
    let Ok(mut parts) = answer.list() else { return Settings::new() };
    let mut settings = Settings::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        if let (Ok(name), Ok(value)) = (name.bytes(), value.bytes()) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            settings.insert(text(&name), text(&value));
        }
    }
    settings
}
