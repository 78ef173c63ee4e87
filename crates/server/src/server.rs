//! The life of the server, from its configuration to its end.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tracing::field::display;
use zaqar_config::Config;
use zaqar_domain::Zaqar;
use zaqar_listener::Tls;
use zaqar_model::{Clock, IdSource, RandomIds, SystemClock};
use zaqar_storage::Site;

use crate::cli::ServerOptions;
use crate::components::Components;
use crate::notifications::{Delivery, Notifications};
use crate::policy_files::PolicyFiles;
use crate::signals::{self, StopSignals};
use crate::tls_files::TlsFiles;
use crate::transports::{Ports, Transports};
use crate::trustee::KeystoneTrusts;
use crate::watched_files::{FileWatch, FirstRead};
use crate::{
    background, configuration, confirmations, encryption, keystone, limits, logging, pipelines, process,
    stores, trustee, welcome,
};

pub(crate) fn run(options: &ServerOptions, components: &Components) -> anyhow::Result<()> {
    let (config, report) = configuration::read(&options.sources, components);
    anyhow::ensure!(report.errors.is_empty(), report.errors.join("\nzaqar: "));
    let policy = FileWatch::begin(PolicyFiles::new(&config, &options.sources))?;
    let tls = TlsFiles::new(&config.ssl).map_err(anyhow::Error::msg)?.map(FileWatch::begin).transpose()?;
    logging::start(&config.logging)?;
    let remarks = tls.iter().flat_map(|tls| &tls.remarks).chain(&policy.remarks);
    for warning in report.warnings.iter().chain(remarks) {
        tracing::warn!("{warning}");
    }
    process::keep_files_private();
    process::raise_limit_of_open_files();
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let result = runtime.block_on(serve(Arc::new(config), options.data_directory(), policy, tls, components));
    // After a second signal, what still runs is not waited for.
    runtime.shutdown_background();
    result
}

async fn serve(
    config: Arc<Config>,
    data_directory: Option<&Path>,
    policy: FirstRead<PolicyFiles>,
    tls: Option<FirstRead<TlsFiles>>,
    components: &Components,
) -> anyhow::Result<()> {
    let data_directory = stores::data_directory(data_directory, &config);
    let mut signals = StopSignals::catch()?;
    let hangups = (signals::hangups()?, signals::hangups()?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn IdSource> = Arc::new(RandomIds);
    let authentication = keystone::authentication(&config, Arc::clone(&clock))?;
    let pipelines = pipelines::build(&config.storage, &components.stages)?;
    let trusts = trustee::trusts(&config, Arc::clone(&clock))?;
    // First the ports: whoever is refused one leaves nothing behind.
    let ports = Ports::take(&config).await?;
    let addresses = ports.addresses(tls.is_some())?;
    let site = Site::new(Arc::clone(&config), data_directory, Arc::clone(&ids), Arc::clone(&clock));
    let open = stores::open(&site, &components.drivers).await?;
    let is_shared = open.stores.messages.capabilities().shared;
    let own_keys = (!is_shared).then_some(&*site.data_directory);
    let keyring = encryption::keyring(&config.transport, own_keys, &*ids)?;
    let delivery = Delivery::new(&config, &clock, addresses.are_loopback(), trusts.clone())?;
    let zaqar = Zaqar::new(open.stores.clone(), limits::of(&config), Arc::clone(&clock), ids);
    let zaqar = zaqar.with_keyring(Arc::new(keyring)).with_pipelines(pipelines);
    let zaqar = zaqar.with_subscriber_check(Arc::new(delivery.senders.clone()));
    let zaqar = Arc::new(match &trusts {
        Some(trusts) => zaqar.with_trusts(Arc::new(KeystoneTrusts(Arc::clone(trusts)))),
        None => zaqar,
    });
    zaqar.set_policy(policy.content);

    let messages = Arc::clone(&open.stores.messages);
    let mut background = background::maintain(&config, &zaqar, messages, clock).await;
    let confirmations = confirmations::confirmations(&config, &authentication).map_err(anyhow::Error::msg)?;
    let notifications = background::is_notifier(&config)
        .then(|| Notifications::start(&config, &zaqar, delivery, confirmations));
    let policed = Arc::clone(&zaqar);
    let following = policy.following.run(hangups.0, move |policy| policed.set_policy(policy));
    background.push(tokio::spawn(following));
    let tls = tls.map(|tls| {
        let (in_force, configs) = watch::channel(tls.content);
        let put_into_force = move |config| drop(in_force.send_replace(config));
        background.push(tokio::spawn(tls.following.run(hangups.1, put_into_force)));
        Tls::new(configs)
    });
    let mut transports =
        Transports::start(ports, tls, zaqar, authentication, &config).map_err(anyhow::Error::msg)?;
    welcome::print(&addresses, &open.places);
    let (rest, websocket) = (addresses.rest.map(display), addresses.websocket.map(display));
    tracing::info!(rest, websocket, "started");

    tokio::select! {
        signal = signals.next() => tracing::info!(signal, "stopping"),
        failure = transports.failed() => return Err(failure),
    }
    transports.mark_not_ready();
    let delay = Duration::from_secs(config.wsgi.shutdown_delay);
    let stopped = async move {
        tokio::time::sleep(delay).await;
        transports.stop().await?;
        if let Some(notifications) = notifications {
            notifications.stop().await;
        }
        for task in background {
            task.abort();
        }
        open.close().await.context("the stores were not closed in good order")
    };
    tokio::select! {
        result = stopped => result?,
        signal = signals.next() => anyhow::bail!("ended by a second signal ({signal}) before it had stopped"),
    }
    tracing::info!("stopped");
    Ok(())
}
