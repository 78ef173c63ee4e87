//! `[notification]`: how subscribers are told of messages, and asked whether they want to be.

use std::collections::BTreeMap;

use crate::secret::Secret;
use crate::section::section;

section! {
    /// Deliveries to subscribers.
    pub struct Notification;

    /// How mail is sent: by the program in `smtp_command` (`third_part`), or directly to the server at `smtp_host`
    /// (`self_local`).
    smtp_mode: String = "third_part", one_of(&["third_part", "self_local"]);

    /// The mail server, when `smtp_mode` is `self_local`.
    smtp_host: Option<String> = None, host_address();

    /// The port of the mail server, when `smtp_mode` is `self_local`. Unless given, that of `smtp_security`: 465, 587
    /// or 25.
    smtp_port: Option<u16> = None;

    /// How the connection to the mail server is protected: by TLS from the start (`tls`), by TLS after the command
    /// STARTTLS (`starttls`), or not at all (`none`).
    smtp_security: String = "tls", one_of(&["tls", "starttls", "none"]);

    /// The file with the certificates of the authorities that the mail server's certificate is checked against. The
    /// system's unless given.
    smtp_ca_file: Option<String> = None;

    /// How long each step of sending a mail may take, or the program in `smtp_command`, in seconds.
    smtp_timeout: u32 = 30, at_least(1), at_most(600);

    /// The name to log in to the mail server with, when `smtp_mode` is `self_local`. Without one, there is no login.
    smtp_user_name: Option<String> = None;

    /// The password to log in to the mail server with, when `smtp_mode` is `self_local`.
    smtp_user_password: Option<Secret> = None;

    /// The program that sends a mail, with its arguments, when `smtp_mode` is `third_part`.
    smtp_command: String = "/usr/sbin/sendmail -t -oi";

    /// Hosts that a subscriber's token is sent to without TLS, beside those in Keystone's catalog.
    trust_http_hosts: Vec<String> = &[];

    /// How many deliveries are worked on at a time. One that waits for its endpoint longer than a moment makes room for
    /// another.
    max_notifier_workers: u32 = 10, at_least(1);

    /// How many deliveries are under way or wait for their turn. Endpoints that do not answer well get three quarters of
    /// that at most.
    max_waiting_deliveries: u32 = 4096, at_least(4), at_most(100_000);

    /// How many deliveries are made to one endpoint at a time.
    max_endpoint_deliveries: u32 = 10, at_least(1), at_most(100_000);

    /// How many deliveries are made at a time to all endpoints of one project.
    max_project_deliveries: u32 = 1000, at_least(4), at_most(100_000);

    /// How many deliveries are made to one endpoint in a second; 0 is any number.
    max_endpoint_rate: u32 = 0, at_most(1_000_000);

    /// How many deliveries are made in a second to all endpoints of one project; 0 is any number.
    max_project_rate: u32 = 0, at_most(1_000_000);

    /// How long a connection to an endpoint may take to come about, in seconds.
    connect_timeout: u32 = 5, at_least(1), at_most(300);

    /// How long an endpoint may take from then on until it begins to answer, in seconds.
    answer_timeout: u32 = 15, at_least(1), at_most(300);

    /// How long the rest of an answer is waited for, in seconds.
    body_timeout: u32 = 5, at_least(1), at_most(300);

    /// After so many signs in a row that the endpoint is unwell it is left alone for a while: no connection, no answer,
    /// 408, 502 to 504; 0: it is never left alone.
    breaker_failures: u32 = 5;

    /// How long it is left alone at first, in seconds. If it fails again then, for twice as long.
    breaker_time: u32 = 10, at_least(1), at_most(86_400), not_above("breaker_max_time");

    /// It is never left alone for longer, in seconds.
    breaker_max_time: u32 = 300, at_least(1), at_most(86_400);

    /// Ranges of addresses that may be delivered to although `denied_addresses` has them or they are this machine's
    /// own, such as `10.1.0.0/16`.
    allowed_addresses: Vec<String> = &[];

    /// Ranges of addresses that may not be delivered to. Link-local, multicast and metadata addresses never may.
    denied_addresses: Vec<String> = &[];

    /// Whether a subscriber must confirm a subscription before anything is delivered to it.
    require_confirmation: bool = false;

    /// How often one subscriber of a project may be asked within an hour to confirm. A request beyond that is refused.
    max_confirmations_per_hour: u32 = 20, at_least(1);

    /// Where subscribers reach this service, such as `https://zaqar.example.org`. Requests to confirm name it. Unless
    /// given, Keystone's catalog says it.
    public_endpoint: Option<String> = None;

    /// The page that a mail sends a subscriber to for confirming.
    external_confirmation_url: Option<String> = None;

    /// The mail that asks for a confirmation: `topic`, `body` and `sender`. In the body, `{0}` stands for the queue,
    /// `{1}` for the project, `{2}` for the link that confirms.
    subscription_confirmation_email_template: BTreeMap<String, String> = &[
        ("topic", "Zaqar Notification - Subscription Confirmation"),
        (
            "body",
            "You have chosen to subscribe to the queue: {0}. This queue belongs to project: {1}. \
             To confirm this subscription, click or visit this link below: {2}",
        ),
        ("sender", "Zaqar Notifications <no-reply@openstack.org>"),
    ];

    /// The mail that tells of the end of a subscription: `topic`, `body` and `sender`. In the body, `{0}` stands for
    /// the queue, `{1}` for the project, `{2}` for the link that subscribes again.
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
