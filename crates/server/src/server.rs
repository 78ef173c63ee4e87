//! The life of the server, from its configuration to its end.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use zaqar_config::{Config, Wsgi};
use zaqar_domain::{Policy, Zaqar};
use zaqar_model::{Clock, IdSource, RandomIds, SystemClock};
use zaqar_transport_http::HttpService;

use crate::cli::ServerOptions;
use crate::policy_files::{PolicyFiles, Stamp};
use crate::signals::StopSignals;
use crate::{configuration, housekeeping, http, keystone, limits, logging, process, stores, welcome};

pub(crate) fn run(options: &ServerOptions) -> anyhow::Result<()> {
    let (config, report) = configuration::read(&options.sources);
    let config = config.with_context(|| report.errors.join("\nzaqar: "))?;
    let policy_files = PolicyFiles::new(&config, &options.sources);
    let seen = policy_files.stamp();
    let loaded = policy_files.load();
    let (policy, remarks) = loaded.map_err(|errors| anyhow::anyhow!(errors.join("\nzaqar: ")))?;
    logging::start(&config.logging)?;
    for warning in report.warnings.iter().chain(&remarks) {
        tracing::warn!("{warning}");
    }
    process::keep_files_private();
    process::raise_limit_of_open_files();
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let result = runtime.block_on(serve(&config, options.data_directory(), policy, (policy_files, seen)));
    // After a second signal, what still runs is not waited for.
    runtime.shutdown_background();
    result
}

async fn serve(
    config: &Config,
    data_directory: Option<&Path>,
    policy: Policy,
    (policy_files, seen): (PolicyFiles, Stamp),
) -> anyhow::Result<()> {
    let mut signals = StopSignals::catch()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn IdSource> = Arc::new(RandomIds);
    let authentication = keystone::authentication(config, Arc::clone(&clock))?;
    // First the port: whoever is refused it leaves nothing behind.
    let listener = listen(&config.wsgi).await?;
    let address = listener.local_addr().context("cannot tell the address")?;
    let open = stores::open(config, data_directory, &ids)?;
    let zaqar = Arc::new(Zaqar::new(open.stores.clone(), limits::of(config), Arc::clone(&clock), ids));
    zaqar.set_policy(policy);

    zaqar.resume_dead_letter_moves().await;
    let messages = Arc::clone(&open.stores.messages);
    let background = [
        tokio::spawn(housekeeping::give_space_back(messages, clock)),
        tokio::spawn(housekeeping::move_dead_letters(Arc::clone(&zaqar))),
        tokio::spawn(housekeeping::follow_policy(Arc::clone(&zaqar), policy_files, seen)),
    ];
    let (stop, stopping) = oneshot::channel::<()>();
    let service = HttpService::new(zaqar, http::service_options(config, authentication));
    let shutdown = async move {
        // That the sender is gone means the same.
        let _ = stopping.await;
    };
    let mut transport =
        tokio::spawn(zaqar_transport_http::serve(listener, service, http::serve_options(config), shutdown));
    welcome::print(address, open.data_directory());
    tracing::info!(%address, "started");

    tokio::select! {
        signal = signals.next() => tracing::info!(signal, "stopping"),
        ended = &mut transport => {
            ended.context("the transport failed")?;
            anyhow::bail!("the transport ended although nobody had asked it to");
        }
    }
    drop(stop);
    let stopped = async move {
        transport.await.context("the transport failed")?;
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

async fn listen(options: &Wsgi) -> anyhow::Result<TcpListener> {
    let Wsgi { bind, port, .. } = options;
    TcpListener::bind((bind.as_str(), *port)).await.with_context(|| format!("cannot listen on {bind}:{port}"))
}
