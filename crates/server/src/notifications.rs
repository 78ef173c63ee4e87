//! Deliveries to subscribers, from the configuration.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zaqar_authentication::Trusts;
use zaqar_config::{Config, Notification};
use zaqar_domain::Zaqar;
use zaqar_model::Clock;
use zaqar_notifier::{
    AddressGuard, Bounds, BreakerOptions, Confirmations, Engine, EngineOptions, HttpClient, HttpOptions,
    Sender, Senders, SystemNames, TrustSender, WebhookSender,
};

use crate::email;

/// The engine at work.
#[derive(Debug)]
pub(crate) struct Notifications {
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Notifications {
    /// Begins to deliver what is owed.
    pub(crate) fn start(
        config: &Config,
        zaqar: &Arc<Zaqar>,
        delivery: Delivery,
        confirmations: Confirmations,
    ) -> Self {
        let Delivery { senders, longest_attempt } = delivery;
        let options = engine_options(config, longest_attempt);
        let (stop, stopping) = oneshot::channel();
        let engine = Engine::new(Arc::clone(zaqar), senders, confirmations, options);
        let running = tokio::spawn(engine.run(async move {
            // That the sender is gone means the same.
            let _ = stopping.await;
        }));
        Self { stop, running }
    }

    /// Lets what is under way end, within its time.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.running.await {
            tracing::error!(%error, "deliveries to subscribers failed");
        }
    }
}

/// How everything is delivered.
pub(crate) struct Delivery {
    pub(crate) senders: Senders,
    longest_attempt: Duration,
}

impl Delivery {
    /// `local`: only this machine reaches the server.
    pub(crate) fn new(
        config: &Config,
        clock: &Arc<dyn Clock>,
        local: bool,
        trusts: Option<Arc<Trusts>>,
    ) -> anyhow::Result<Self> {
        let guard =
            guard(&config.notification, local).map_err(|errors| anyhow::anyhow!(errors.join("\n")))?;
        let http =
            HttpClient::new(&http_options(&config.notification, guard), Arc::new(SystemNames::default()))
                .context("cannot make a client for webhooks")?;
        let mail = email::sender(config, Arc::clone(clock))?;
        let webhooks = WebhookSender::new(http, Arc::clone(clock));
        let trusted = TrustSender::new(webhooks.clone(), trusts, &config.notification.trust_http_hosts);
        // What a trust takes is more than what a webhook alone takes.
        let longest_attempt = trusted.longest_attempt().max(mail.longest_attempt());
        let (webhooks, mail, trusted): (Arc<dyn Sender>, Arc<dyn Sender>, Arc<dyn Sender>) =
            (Arc::new(webhooks), Arc::new(mail), Arc::new(trusted));
        let senders = Senders::default()
            .with(&["http", "https"], &webhooks)
            .with(&["mailto"], &mail)
            .with(&["trust+http", "trust+https"], &trusted);
        Ok(Self { senders, longest_attempt })
    }
}

/// Everything that is wrong, a sentence each.
pub(crate) fn refusals(options: &Notification) -> Vec<String> {
    guard(options, true).err().unwrap_or_default()
}

/// Whoever can reach a server that listens on loopback alone is on this machine already.
fn guard(options: &Notification, local: bool) -> Result<AddressGuard, Vec<String>> {
    let mut wrong = Vec::new();
    let mut ranges = |option: &str, texts: &[String]| {
        let parse = |text: &String| {
            let single = || text.parse::<IpAddr>().ok().map(Into::into);
            let range = text.parse().ok().or_else(single);
            if range.is_none() {
                wrong.push(format!(
                    "[notification] {option} = {text} is no range of addresses; write one as 10.1.0.0/16 or fd00::/8"
                ));
            }
            range
        };
        texts.iter().filter_map(parse).collect()
    };
    let allowed = ranges("allowed_addresses", &options.allowed_addresses);
    let denied = ranges("denied_addresses", &options.denied_addresses);
    let guard = AddressGuard { allowed, denied, loopback: local };
    if wrong.is_empty() { Ok(guard) } else { Err(wrong) }
}

fn http_options(options: &Notification, guard: AddressGuard) -> HttpOptions {
    HttpOptions {
        guard,
        connect_timeout: seconds(options.connect_timeout),
        answer_timeout: seconds(options.answer_timeout),
        body_timeout: seconds(options.body_timeout),
    }
}

fn engine_options(config: &Config, longest_attempt: Duration) -> EngineOptions {
    let options = &config.notification;
    EngineOptions {
        workers: count(options.max_notifier_workers),
        waiting: count(options.max_waiting_deliveries),
        endpoint: Bounds {
            concurrency: count(options.max_endpoint_deliveries),
            rate: options.max_endpoint_rate,
        },
        project: Bounds {
            concurrency: count(options.max_project_deliveries),
            rate: options.max_project_rate,
        },
        breaker: BreakerOptions {
            failures: options.breaker_failures,
            first: seconds(options.breaker_time),
            longest: seconds(options.breaker_max_time),
        },
        longest_attempt,
        stop_time: Duration::from_secs(config.wsgi.shutdown_timeout),
    }
}

fn seconds(option: u32) -> Duration {
    Duration::from_secs(option.into())
}

fn count(option: u32) -> usize {
    usize::try_from(option).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use zaqar_config::Config;
    use zaqar_notifier::EngineOptions;

    use super::{engine_options, guard, refusals};

    #[test]
    fn without_configuration_the_engine_has_its_own_options() {
        let usual = EngineOptions::default();
        let options = engine_options(&Config::default(), usual.longest_attempt);
        assert_eq!(EngineOptions { stop_time: usual.stop_time, ..options }, usual);
        assert!(options.stop_time > Duration::ZERO);
    }

    #[test]
    fn loopback_is_delivered_to_where_the_server_listens_on_it() {
        let options = Config::default().notification;
        for local in [true, false] {
            let guard = guard(&options, local).unwrap();
            assert_eq!(guard.check(IpAddr::from([127, 0, 0, 1])).is_ok(), local);
        }
    }

    #[test]
    fn ranges_of_addresses_are_read_and_bad_ones_told() {
        let mut options = Config::default().notification;
        options.allowed_addresses = vec!["10.1.0.0/16".to_owned(), "::1".to_owned()];
        options.denied_addresses = vec!["10.0.0.0/8".to_owned()];
        let read = guard(&options, false).unwrap();
        for (address, is_allowed) in
            [("10.1.2.3", true), ("10.2.0.1", false), ("::1", true), ("8.8.8.8", true)]
        {
            assert_eq!(read.check(address.parse().unwrap()).is_ok(), is_allowed, "{address}");
        }
        options.denied_addresses = vec!["10/8".to_owned(), "everything".to_owned()];
        assert_eq!(refusals(&options).len(), 2);
        assert!(refusals(&options)[0].starts_with("[notification] denied_addresses = 10/8 is no range"));
    }
}
