//! `[notification]`: deliveries to subscribers, and confirmations of subscriptions.

use std::collections::BTreeMap;

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Deliveries to subscribers.
    pub struct Notification;

    /// How mail is sent: by the program in `smtp_command` (`third_part`), or directly to the server at `smtp_host`
    /// (`self_local`).
    smtp_mode: String = "third_part", one_of(&["third_part", "self_local"]);

    /// The mail server, if `smtp_mode` is `self_local`.
    smtp_host: Option<String> = None, host_address();

    /// The port of the mail server, if `smtp_mode` is `self_local`. The default depends on `smtp_security`: 465, 587 or
    /// 25.
    smtp_port: Option<u16> = None;

    /// How the connection to the mail server is secured: by TLS from the start (`tls`), by TLS after the command
    /// STARTTLS (`starttls`), or not at all (`none`).
    smtp_security: String = "tls", one_of(&["tls", "starttls", "none"]);

    /// The file with the CA certificates that verify the certificate of the mail server. Defaults to those of the
    /// system.
    smtp_ca_file: Option<String> = None;

    /// Timeout of each step of sending a mail, or of the program in `smtp_command`, in seconds.
    smtp_timeout: u32 = 30, at_least(1), at_most(600);

    /// The user name for the mail server, if `smtp_mode` is `self_local`. Without it, there is no login.
    smtp_user_name: Option<String> = None;

    /// The password for the mail server, if `smtp_mode` is `self_local`.
    smtp_user_password: Option<Secret> = None;

    /// The program that sends mail, with its arguments, if `smtp_mode` is `third_part`.
    smtp_command: String = "/usr/sbin/sendmail -t -oi";

    /// Hosts that a token may be sent to without TLS, in addition to those in Keystone's catalog.
    trust_http_hosts: Vec<String> = &[];

    /// Maximum number of deliveries in progress. A delivery that waits for a slow endpoint does not count.
    max_notifier_workers: u32 = 10, at_least(1);

    /// Maximum number of deliveries in progress or waiting. Unhealthy endpoints get at most three quarters of them.
    max_waiting_deliveries: u32 = 4096, at_least(4), at_most(100_000);

    /// Maximum number of concurrent deliveries to one endpoint.
    max_endpoint_deliveries: u32 = 10, at_least(1), at_most(100_000);

    /// Maximum number of concurrent deliveries to all endpoints of one project.
    max_project_deliveries: u32 = 1000, at_least(4), at_most(100_000);

    /// Maximum number of deliveries per second to one endpoint. 0 means no limit.
    max_endpoint_rate: u32 = 0, at_most(1_000_000);

    /// Maximum number of deliveries per second to all endpoints of one project. 0 means no limit.
    max_project_rate: u32 = 0, at_most(1_000_000);

    /// Timeout for connecting to an endpoint, in seconds.
    connect_timeout: u32 = 5, at_least(1), at_most(300);

    /// Timeout from the connection to the first byte of the response, in seconds.
    answer_timeout: u32 = 15, at_least(1), at_most(300);

    /// Timeout for the rest of the response, in seconds.
    body_timeout: u32 = 5, at_least(1), at_most(300);

    /// Number of consecutive failures after which the circuit breaker of an endpoint opens: no connection, no response,
    /// 408, 502 to 504. 0 disables the breaker.
    breaker_failures: u32 = 5;

    /// How long the breaker stays open at first, in seconds. If the endpoint fails again, the time doubles.
    breaker_time: u32 = 10, at_least(1), at_most(86_400), not_above("breaker_max_time");

    /// Maximum time for which the breaker stays open, in seconds.
    breaker_max_time: u32 = 300, at_least(1), at_most(86_400);

    /// Address ranges that are allowed although `denied_addresses` contains them or they belong to this machine, such
    /// as `10.1.0.0/16`.
    allowed_addresses: Vec<String> = &[];

    /// Address ranges that deliveries may not go to. Link-local, multicast and metadata addresses are always denied.
    denied_addresses: Vec<String> = &[];

    /// Whether subscribers must confirm a subscription before they get messages.
    require_confirmation: bool = false;

    /// Maximum number of confirmation requests per hour to one subscriber of a project. Further requests are rejected.
    max_confirmations_per_hour: u32 = 20, at_least(1);

    /// The public URL of this service, such as `https://zaqar.example.org`. Confirmation requests contain it. Defaults
    /// to the endpoint in Keystone's catalog.
    public_endpoint: Option<String> = None;

    /// The confirmation page that a mail links to.
    external_confirmation_url: Option<String> = None;

    /// The mail that asks for a confirmation: `topic`, `body` and `sender`. In the body, `{0}` is replaced by the
    /// queue, `{1}` by the project, `{2}` by the confirmation link.
    subscription_confirmation_email_template: BTreeMap<String, String> = &[
        ("topic", "Zaqar Notification - Subscription Confirmation"),
        (
            "body",
            "You have chosen to subscribe to the queue: {0}. This queue belongs to project: {1}. \
             To confirm this subscription, click or visit this link below: {2}",
        ),
        ("sender", "Zaqar Notifications <no-reply@openstack.org>"),
    ];

    /// The mail that reports the end of a subscription: `topic`, `body` and `sender`. In the body, `{0}` is replaced by
    /// the queue, `{1}` by the project, `{2}` by the link to subscribe again.
    unsubscribe_confirmation_email_template: BTreeMap<String, String> = &[
        ("topic", "Zaqar Notification - Unsubscribe Confirmation"),
        (
            "body",
            "You have unsubscribed successfully to the queue: {0}. This queue belongs to project: {1}. \
             To resubscribe this subscription, click or visit this link below: {2}",
        ),
        ("sender", "Zaqar Notifications <no-reply@openstack.org>"),
    ];
}
