//! What a process does in the background, beside serving transports: deliveries, and maintenance of the stores.

use std::sync::Arc;

use tokio::task::JoinHandle;
use zaqar_config::Config;
use zaqar_domain::Zaqar;
use zaqar_model::Clock;
use zaqar_storage::{MessageStore, Role};

use crate::components::Drivers;
use crate::housekeeping;

const NOTIFIER: &str = "notifier";
const MAINTENANCE: &str = "maintenance";

fn does(config: &Config, what: &str) -> bool {
    config.drivers.background.iter().any(|named| named == what)
}

pub(crate) fn is_notifier(config: &Config) -> bool {
    does(config, NOTIFIER)
}

/// Begins the maintenance, where this process is to do it. Dead letters whose move was broken off have been moved by then.
pub(crate) async fn maintain(
    config: &Config,
    zaqar: &Arc<Zaqar>,
    messages: Arc<dyn MessageStore>,
    clock: Arc<dyn Clock>,
) -> Vec<JoinHandle<()>> {
    if !does(config, MAINTENANCE) {
        return Vec::new();
    }
    zaqar.resume_dead_letter_moves().await;
    vec![
        tokio::spawn(housekeeping::reclaim_space(messages, clock)),
        tokio::spawn(housekeeping::move_dead_letters(Arc::clone(zaqar))),
        tokio::spawn(housekeeping::look_at_ended_claims(Arc::clone(zaqar))),
    ]
}

/// A process that has nothing to do.
pub(crate) fn nothing_to_do(config: &Config) -> Option<String> {
    let is_idle = config.drivers.transport.is_empty() && config.drivers.background.is_empty();
    is_idle.then(|| {
        "[drivers] transport and background are both empty, so there is nothing to do: name wsgi, websocket, notifier or \
         maintenance"
            .to_owned()
    })
}

/// What nobody will do, where no other process can use the store.
pub(crate) fn warnings(config: &Config, drivers: &Drivers) -> Vec<String> {
    let name = &config.drivers.message_store;
    let is_shared = drivers
        .find(name, Role::Messages)
        .is_some_and(|driver| driver.capabilities(config).shared || !driver.is_offered());
    if is_shared || config.default.pooling {
        return Vec::new();
    }
    let left_out = [NOTIFIER, MAINTENANCE].into_iter().filter(|what| !does(config, what));
    let warning = |what| {
        format!(
            "[drivers] background leaves out {what}, and no other process can do it: the store {name} is used by one alone"
        )
    };
    left_out.map(warning).collect()
}

#[cfg(test)]
mod tests {
    use zaqar_config::Config;

    use super::{nothing_to_do, warnings};
    use crate::components::Drivers;

    fn config(transport: &[&str], background: &[&str]) -> Config {
        let mut config = Config::default();
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        config.drivers.transport = owned(transport);
        config.drivers.background = owned(background);
        config
    }

    #[test]
    fn a_process_without_anything_to_do_is_refused() {
        assert!(nothing_to_do(&config(&[], &[])).is_some());
        assert_eq!(nothing_to_do(&config(&[], &["notifier"])), None);
        assert_eq!(nothing_to_do(&config(&["wsgi"], &[])), None);
    }

    #[test]
    fn what_nobody_can_do_is_told() {
        let drivers = Drivers::default();
        assert!(warnings(&Config::default(), &drivers).is_empty());
        let told = warnings(&config(&["wsgi"], &["maintenance"]), &drivers);
        assert!(told.len() == 1 && told[0].contains("leaves out notifier"), "{told:?}");
    }
}
