//! The hosts that a URI names. Any of them may be the primary, and one that is stopped or cut off says nothing at all. So the
//! next one is tried when a host has not answered for a moment, and the first that can be used is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{sleep, timeout};
use tokio_postgres::Config;

/// So long a host is waited for before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(300);
/// So long after a refusal a host is asked again, while another one is silent: it may be about to become the primary.
const PAUSE: Duration = Duration::from_millis(250);

/// Each host of a configuration, and the one that was of use the last time.
#[derive(Debug)]
pub(crate) struct Hosts {
    each: Vec<Config>,
    last: AtomicUsize,
}

impl Hosts {
    pub(crate) fn of(config: &Config) -> Self {
        let count = config.get_hosts().len().max(config.get_hostaddrs().len());
        Self { each: (0..count).map(|host| only(config, host)).collect(), last: AtomicUsize::new(0) }
    }

    pub(crate) const fn len(&self) -> usize {
        self.each.len()
    }

    /// What the first host gives with which `attempt` succeeds; otherwise, why it failed with each. Ends when every host has
    /// been tried once, so an attempt must come to an end.
    pub(crate) async fn first<T, F>(&self, attempt: impl Fn(Config) -> F) -> Result<T, String>
    where
        F: Future<Output = Result<T, String>>,
    {
        let attempt = &attempt;
        let try_host = |host: usize, pause: Duration| async move {
            sleep(pause).await;
            (host, attempt(self.each[host].clone()).await)
        };
        let last = self.last.load(Ordering::Relaxed);
        let mut untried = (0..self.each.len()).map(|host| (last + host) % self.each.len()).peekable();
        let mut trying = FuturesUnordered::new();
        let mut reasons = BTreeMap::new();
        while reasons.len() < self.each.len() {
            if let Some(host) = untried.next() {
                trying.push(try_host(host, Duration::ZERO));
            }
            let finished = match untried.peek() {
                Some(_) => timeout(HEAD_START, trying.next()).await,
                None => Ok(trying.next().await),
            };
            match finished {
                // The next host is tried, too.
                Err(_) | Ok(None) => {}
                Ok(Some((host, Ok(found)))) => {
                    self.last.store(host, Ordering::Relaxed);
                    return Ok(found);
                }
                Ok(Some((host, Err(reason)))) => {
                    reasons.insert(host, reason);
                    trying.push(try_host(host, PAUSE));
                }
            }
        }
        Err(reasons.into_values().collect::<Vec<_>>().join("; "))
    }
}

/// The same for one host alone.
fn only(all: &Config, host: usize) -> Config {
    let mut one = Config::new();
    if let Some(name) = all.get_hosts().get(host) {
        match name {
            tokio_postgres::config::Host::Tcp(name) => one.host(name),
            #[cfg(unix)]
            tokio_postgres::config::Host::Unix(directory) => one.host_path(directory),
        };
    }
    if let Some(address) = all.get_hostaddrs().get(host) {
        one.hostaddr(*address);
    }
    if let Some(port) = all.get_ports().get(host).or(all.get_ports().first()) {
        one.port(*port);
    }
    all.get_user().map(|user| one.user(user));
    all.get_password().map(|password| one.password(password));
    all.get_dbname().map(|name| one.dbname(name));
    all.get_options().map(|options| one.options(options));
    all.get_application_name().map(|name| one.application_name(name));
    all.get_connect_timeout().map(|patience| one.connect_timeout(*patience));
    all.get_tcp_user_timeout().map(|patience| one.tcp_user_timeout(*patience));
    all.get_keepalives_interval().map(|interval| one.keepalives_interval(interval));
    all.get_keepalives_retries().map(|retries| one.keepalives_retries(retries));
    one.keepalives(all.get_keepalives()).keepalives_idle(all.get_keepalives_idle());
    one.ssl_mode(all.get_ssl_mode()).ssl_negotiation(all.get_ssl_negotiation());
    one.channel_binding(all.get_channel_binding()).load_balance_hosts(all.get_load_balance_hosts());
    one.target_session_attrs(all.get_target_session_attrs());
    one
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio_postgres::Config;
    use tokio_postgres::config::Host;

    use super::Hosts;

    const THREE: &str = "postgresql://zaqar:secret@one:1,two:2,three:3/queues?keepalives_idle=7\
                         &keepalives_interval=5&keepalives_retries=2&connect_timeout=4&tcp_user_timeout=9\
                         &target_session_attrs=read-write&channel_binding=disable&application_name=z&options=-cx=y";

    fn name(config: &Config) -> String {
        match &config.get_hosts()[0] {
            Host::Tcp(name) => name.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_host_has_all_the_options() {
        let all: Config = THREE.parse().unwrap();
        let hosts = Hosts::of(&all);
        assert_eq!(hosts.each.iter().map(name).collect::<Vec<_>>(), ["one", "two", "three"]);
        for (number, one) in (1..).zip(&hosts.each) {
            assert_eq!(one.get_ports(), [number]);
            let alone: Config =
                THREE.replace("one:1,two:2,three:3", &format!("{}:{number}", name(one))).parse().unwrap();
            assert_eq!(*one, alone);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_host_holds_up_no_other_and_the_one_of_use_is_tried_first_from_then_on() {
        let hosts = Hosts::of(&THREE.parse().unwrap());
        let asked = AtomicUsize::new(0);
        for most in [3, 1] {
            asked.store(0, Ordering::SeqCst);
            let found = hosts.first(|config| {
                asked.fetch_add(1, Ordering::SeqCst);
                async move {
                    match &*name(&config) {
                        "one" => pending().await,
                        "two" => Err("a standby".to_owned()),
                        other => Ok(other.to_owned()),
                    }
                }
            });
            assert_eq!(found.await.unwrap(), "three");
            assert!(asked.load(Ordering::SeqCst) <= most);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_standby_that_takes_over_while_the_primary_is_silent_is_found() {
        let hosts = Hosts::of(&"postgresql://one,two/".parse().unwrap());
        let asked = AtomicUsize::new(0);
        let found = hosts.first(|config| {
            let asked = &asked;
            async move {
                match &*name(&config) {
                    "one" => pending().await,
                    _ if asked.fetch_add(1, Ordering::SeqCst) < 3 => Err("a standby".to_owned()),
                    other => Ok(other.to_owned()),
                }
            }
        });
        assert_eq!(found.await.unwrap(), "two");
    }

    #[tokio::test(start_paused = true)]
    async fn when_none_is_of_use_the_reasons_are_told() {
        let hosts = Hosts::of(&"postgresql://one,two/".parse().unwrap());
        let found = hosts.first(|config| async move { Err::<(), _>(format!("{}: no", name(&config))) });
        assert_eq!(found.await.unwrap_err(), "one: no; two: no");
    }
}
