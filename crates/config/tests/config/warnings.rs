//! The warnings of a configuration.

use crate::site::{Site, site};

#[test]
fn an_unknown_option_is_named_with_what_was_probably_meant() {
    let site = site(
        "[transport]
max_mesage_ttl = 1
bind = ::
colour = blue
[drivers:transport:websocket]
external-port = 1
",
    );
    assert_eq!(
        site.warnings(),
        [
            "zaqar.conf:2: option [transport] max_mesage_ttl is unknown and ignored; did you mean max_message_ttl?",
            "zaqar.conf:3: option [transport] bind is unknown and ignored; did you mean [drivers:transport:wsgi] bind?",
            "zaqar.conf:4: option [transport] colour is unknown and ignored",
            "zaqar.conf:6: option [drivers:transport:websocket] external-port is unknown and ignored; did you mean external_port?",
        ]
    );
}

#[test]
fn an_unknown_group_is_named_once() {
    let site =
        site("[default]\ndebug = yes\nverbose = yes\n[driver]\nx = 1\n[oslo_messaging_kafka]\ny = 1\n");
    assert_eq!(
        site.warnings(),
        [
            "zaqar.conf:1: group [default] is unknown and ignored; did you mean [DEFAULT]?",
            "zaqar.conf:4: group [driver] is unknown and ignored; did you mean [drivers]?",
            "zaqar.conf:6: group [oslo_messaging_kafka] is unknown and ignored",
        ]
    );
}

#[test]
fn an_unknown_group_without_options_is_no_matter() {
    assert!(site("[oslo_messaging_kafka]\n# nothing here\n").warnings().is_empty());
}

#[test]
fn a_former_name_works_and_is_told() {
    let site =
        site("[DEFAULT]\nsharding = off\n[drivers]\nstorage = embedded\n[trustee]\ntenant-name = service\n");
    assert_eq!(
        site.warnings(),
        [
            "zaqar.conf:2: [DEFAULT] sharding is deprecated; its name is now pooling",
            "zaqar.conf:4: [drivers] storage is deprecated; its name is now message_store",
            "zaqar.conf:6: [trustee] tenant-name is deprecated; its name is now project_name",
        ]
    );
    assert_eq!(site.config().trustee.project_name.as_deref(), Some("service"));
}

#[test]
fn an_option_or_a_group_that_a_file_has_twice_is_told_with_both_places() {
    let twice = site("[transport]\nmax_claim_ttl = 600\nmax_claim_ttl = 700\n");
    assert_eq!(
        twice.warnings(),
        ["zaqar.conf:2: [transport] max_claim_ttl is ignored: zaqar.conf:3 sets it again"]
    );
    assert_eq!(twice.config().transport.max_claim_ttl, 700);
    let apart =
        site("[transport]\nmax_claim_ttl = 600\n[ssl]\n[Transport]\nmax_claim_ttl = 700\n[transport]\n");
    assert_eq!(
        apart.warnings(),
        [
            "zaqar.conf:4: group [transport] appears again; it first appears at zaqar.conf:1",
            "zaqar.conf:2: [transport] max_claim_ttl is ignored: zaqar.conf:5 sets it again",
        ]
    );
    let former = site("[drivers]\nmessage_store = embedded\nstorage = mongodb\n").warnings();
    assert!(former.iter().any(|line| line.contains("zaqar.conf:3: [drivers] message_store is ignored")));
}

#[test]
fn what_is_given_again_in_another_file_is_no_matter() {
    let site = site("[transport]\nmax_claim_ttl = 600\n")
        .with("b", "[transport]\nmax_claim_ttl = 700\n")
        .config_file("b")
        .variable("OS_TRANSPORT__MAX_CLAIM_TTL", "800");
    assert!(site.warnings().is_empty());
    let repeated = self::site("[oslo_policy]\npolicy_dirs = a\npolicy_dirs = b\n");
    assert!(repeated.warnings().is_empty());
}

#[test]
fn an_option_without_effect_is_told_when_it_is_not_at_its_default() {
    let site = site(
        "[DEFAULT]\npooling = 0\nuse_stderr = true\nlog_file = /var/log/zaqar.log\n[oslo_reports]\nlog_dir = /var/log\n",
    );
    assert_eq!(
        site.warnings(),
        [
            "zaqar.conf:3: [DEFAULT] use_stderr is accepted but has no effect in this version",
            "zaqar.conf:4: [DEFAULT] log_file is accepted but has no effect in this version",
            "zaqar.conf:6: [oslo_reports] log_dir is accepted but has no effect in this version",
        ]
    );
}

#[test]
fn options_in_effect_are_no_matter() {
    let site = site(
        "[DEFAULT]
admin_mode = on
enable_checksum = on
auth_strategy = keystone
debug = on
use_json = on
log_format = json
log_level = trace
[keystone_authtoken]
www_authenticate_uri = http://keystone
auth_url = http://keystone
auth_type = password
username = zaqar
user_domain_id = default
password = secret
project_name = service
project_domain_id = default
interface = public
region_name = one
delay_auth_decision = on
http_connect_timeout = 1
http_request_max_retries = 0
certfile = cert.pem
keyfile = key.pem
cafile = ca.pem
insecure = on
token_cache_time = 1
include_service_catalog = off
service_token_roles = a
service_token_roles_required = off
service_type = messaging
[drivers]
transport = websocket
message_store = faulty
management_store = faulty
[drivers:transport:wsgi]
bind = ::
port = 1
max_connections = 1
header_timeout = 1
idle_timeout = 1
body_timeout = 1
tls_handshake_timeout = 1
max_http2_streams = 1
shutdown_delay = 1
shutdown_timeout = 0
max_header_count = 1
max_header_bytes = 8192
slow_request_ms = 0
[ssl]
cert_file = /etc/zaqar/server.crt
key_file = /etc/zaqar/server.key
ca_file = /etc/zaqar/clients.crt
tls_min_version = 1.3
[notification]
smtp_mode = self_local
smtp_host = mail.example.org
smtp_port = 25
smtp_security = none
smtp_ca_file = /etc/zaqar/mail.crt
smtp_timeout = 1
smtp_user_name = zaqar
smtp_user_password = secret
smtp_command = mail
external_confirmation_url = https://example.org
trust_http_hosts = mistral
[trustee]
auth_url = http://keystone
auth_type = password
username = zaqar
user_domain_id = default
password = secret
cafile = ca.pem
certfile = cert.pem
keyfile = key.pem
insecure = on
timeout = 1.5
[cors]
allowed_origin = https://horizon.example.org
allow_credentials = off
expose_headers = X-OpenStack-Request-ID
max_age = 0
allow_methods = GET
allow_headers = Client-ID
[healthcheck]
disable_by_file_path = /run/zaqar/disabled
[drivers:message_store:disk]
data_dir = /var/lib/zaqar
durability = relaxed
segment_size = 16777216
[transport]
default_message_ttl = 60
default_message_delay = 1
default_claim_ttl = 60
default_claim_grace = 60
max_queues_per_page = 1
max_messages_per_page = 1
max_messages_per_claim_or_pop = 1
max_queue_metadata = 1
max_messages_post_size = 1
max_message_ttl = 60
max_message_delay = 1
max_claim_ttl = 60
max_claim_grace = 60
client_id_uuid_safe = off
min_length_client_id = 1
max_length_client_id = 1
message_delete_with_claim_id = on
",
    );
    assert!(site.warnings().is_empty());
}

#[test]
fn a_variable_for_an_option_that_its_group_does_not_have_is_told() {
    let site = Site::new()
        .variable("OS_DEFAULT__DEBUUG", "1")
        .variable("OS_NOVA__X", "1")
        .variable("OS_AUTH_URL", "http://keystone")
        .variable("HOME", "/root");
    assert_eq!(
        site.warnings(),
        [
            "environment variable OS_DEFAULT__DEBUUG: option [DEFAULT] debuug is unknown and ignored; did you mean debug?"
        ]
    );
}
