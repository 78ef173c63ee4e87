//! The values of each kind of option.

use zaqar_config::{ClientIdUuidSafe, LogFormat, Secret};

use crate::site::{DISK, Disk, Durability, site};

#[test]
fn every_kind_of_value_arrives_with_its_type() {
    let config = site(
        "[DEFAULT]
admin_mode = Yes
log_format = json

[drivers]
transport: websocket

[drivers:transport:wsgi]
bind = zaqar.example.
port = 0

[drivers:transport:websocket]
external_port = 443

[drivers:message_store:disk]
durability = relaxed

[drivers:message_store:redis]
uri = redis://:hush@[::1]:6379?dbid=1
reconnect_sleep = 2

[transport]
max_message_ttl = 1_000_000
client_id_uuid_safe = off
subscriber_types = http,
    https,

[notification]
unsubscribe_confirmation_email_template = topic: Bye, body: So long: {0}
",
    )
    .config();
    assert!(config.default.admin_mode);
    assert_eq!(config.logging.log_format, LogFormat::Json);
    assert_eq!(config.drivers.transport, ["websocket"]);
    assert_eq!((config.wsgi.bind.as_str(), config.wsgi.port), ("zaqar.example", 0));
    assert_eq!(config.websocket.external_port, Some(443));
    assert_eq!(config.section::<Disk>(DISK).durability, Durability::Relaxed);
    assert_eq!(config.message_redis.uri, Secret::new("redis://:hush@[::1]:6379?dbid=1"));
    assert_eq!(config.message_redis.reconnect_sleep, 2.0);
    assert_eq!(config.transport.max_message_ttl, 1_000_000);
    assert_eq!(config.transport.client_id_uuid_safe, ClientIdUuidSafe::Off);
    assert_eq!(config.transport.subscriber_types, ["http", "https"]);
    let template = &config.notification.unsubscribe_confirmation_email_template;
    assert_eq!(template.iter().collect::<Vec<_>>().len(), 2);
    assert_eq!(template["body"], "So long: {0}");
}

#[test]
fn an_optional_value_that_is_left_empty_is_not_set() {
    let config = site("[trustee]\npassword =\n[notification]\nsmtp_port = \"  \"\nsmtp_host =\n").config();
    assert_eq!(config.trustee.password, None);
    assert_eq!(config.notification.smtp_port, None);
    assert_eq!(config.notification.smtp_host, None);
}

#[test]
fn a_text_may_be_empty() {
    let config = site("[DEFAULT]\nauth_strategy = keystone\nauth_strategy =\n").config();
    assert_eq!(config.default.auth_strategy, "");
}

#[test]
fn the_names_of_groups_do_not_count_case_those_of_options_do() {
    let site = site("[Drivers:Transport:WSGI]\nport = 1\nPort = 2\n");
    assert_eq!(site.config().wsgi.port, 1);
    assert_eq!(
        site.warnings(),
        ["zaqar.conf:3: option [drivers:transport:wsgi] Port is unknown and ignored; did you mean port?"]
    );
}

#[test]
fn one_struct_serves_several_groups() {
    let config = site("[trustee]\nusername = a\n[keystone_authtoken]\nusername = b\n").config();
    assert_eq!(config.trustee.username.as_deref(), Some("a"));
    assert_eq!(config.keystone_credentials.username.as_deref(), Some("b"));
}

#[test]
fn the_configuration_can_be_logged() {
    let config = site("[trustee]\npassword = hush\n[cache]\nbackend_argument = pw:hush\n").config();
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn credentials_may_stand_in_a_group_of_their_own() {
    let site = site(
        "[keystone_authtoken]
auth_section = service_user
username = nobody
cafile = /etc/ca.pem

[service_user]
auth_url = http://keystone:5000
user-name = zaqar
password = hush
",
    );
    let loaded = site.load().unwrap();
    assert_eq!(
        site.warnings(),
        ["zaqar.conf:8: [keystone_authtoken] user-name is deprecated; its name is now username"]
    );
    let credentials = loaded.config.keystone_credentials;
    assert_eq!(credentials.auth_url.as_deref(), Some("http://keystone:5000"));
    assert_eq!(credentials.username.as_deref(), Some("zaqar"));
    assert_eq!(credentials.password, Some(Secret::new("hush")));
    assert_eq!(loaded.config.keystone_authtoken.cafile.as_deref(), Some("/etc/ca.pem"));
}

#[test]
fn two_groups_may_share_the_credentials_of_one() {
    for (text, trustee) in [
        ("[trustee]\nauth_section = keystone_authtoken\nusername = nobody\n", "zaqar"),
        ("[trustee]\nauth_section = service_user\n[service_user]\nusername = shared\n", "shared"),
    ] {
        let keystone = "[keystone_authtoken]\nusername = zaqar\n";
        let config = site(format!("{keystone}{text}")).config();
        assert_eq!(config.trustee.username.as_deref(), Some(trustee));
        assert_eq!(config.keystone_credentials.username.as_deref(), Some("zaqar"));
    }
    let both = site(
        "[keystone_authtoken]\nauth_section = user\n[trustee]\nauth_section = user\n[user]\nusername = shared\n",
    );
    assert!(both.warnings().is_empty());
    let config = both.config();
    assert_eq!(config.trustee.username.as_deref(), Some("shared"));
    assert_eq!(config.keystone_credentials.username.as_deref(), Some("shared"));
}
