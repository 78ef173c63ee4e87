//! Compares our options with upstream's, which `tests/config/upstream-options.tsv` lists.

use std::collections::{BTreeSet, HashSet};

use super::Registry;
use crate::kind::{Choice, Kind};
use crate::option::OptionSpec;
use crate::value::Value;

const UPSTREAM: &str = include_str!("../tests/config/upstream-options.tsv");

/// Options that upstream does not have.
const OURS: [&str; 60] = [
    "DEFAULT log_format",
    "DEFAULT log_level",
    // Older versions of upstream had it, and files still contain it.
    "DEFAULT verbose",
    "drivers background",
    "drivers:transport:websocket compression",
    "drivers:transport:websocket handshake_timeout",
    "drivers:transport:websocket idle_timeout",
    "drivers:transport:websocket max_connections",
    "drivers:transport:websocket max_message_bytes",
    "drivers:transport:websocket max_requests_per_second",
    "drivers:transport:websocket max_subscriptions",
    "drivers:transport:websocket ping_interval",
    "drivers:transport:websocket send_timeout",
    "drivers:transport:websocket shutdown_timeout",
    "drivers:transport:wsgi body_timeout",
    "drivers:transport:wsgi header_timeout",
    "drivers:transport:wsgi idle_timeout",
    "drivers:transport:wsgi max_connections",
    "drivers:transport:wsgi max_header_bytes",
    "drivers:transport:wsgi max_header_count",
    "drivers:transport:wsgi max_http2_streams",
    "drivers:transport:wsgi shutdown_delay",
    "drivers:transport:wsgi shutdown_timeout",
    "drivers:transport:wsgi slow_request_ms",
    "drivers:transport:wsgi tls_handshake_timeout",
    // oslo.middleware's, which upstream leaves out.
    "healthcheck allowed_source_ranges",
    "healthcheck backends",
    "healthcheck detailed",
    "healthcheck disable_by_file_path",
    "healthcheck disable_by_file_paths",
    "healthcheck enable_by_file_paths",
    "healthcheck ignore_proxied_requests",
    "notification allowed_addresses",
    "notification answer_timeout",
    "notification body_timeout",
    "notification breaker_failures",
    "notification breaker_max_time",
    "notification breaker_time",
    "notification connect_timeout",
    "notification denied_addresses",
    "notification max_confirmations_per_hour",
    "notification max_endpoint_deliveries",
    "notification max_endpoint_rate",
    "notification max_project_deliveries",
    "notification max_project_rate",
    "notification max_waiting_deliveries",
    "notification public_endpoint",
    "notification smtp_ca_file",
    "notification smtp_security",
    "notification smtp_timeout",
    "notification trust_http_hosts",
    "signed_url max_lifetime",
    "signed_url secret_keys",
    // oslo.service's, and one more.
    "ssl ca_file",
    "ssl cert_file",
    "ssl ciphers",
    "ssl key_file",
    "ssl tls_min_version",
    "ssl version",
    "transport message_encryption_former_keys",
];

/// Options that differ on purpose from what upstream declares.
const DIFFERENT: [&str; 8] = [
    // No list and an empty list mean the same.
    "cors allowed_origin",
    "keystone_authtoken memcached_servers",
    // One program without any configuration is a complete service.
    "drivers management_store",
    "drivers message_store",
    // One process serves both.
    "drivers transport",
    // Upstream logs the password.
    "notification smtp_user_password",
    // And it shows this, which may be a URI with a password.
    "profiler connection_string",
    // Upstream's default key is public.
    "transport message_encryption_key",
];

fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Choice { .. } => "String",
        Kind::Boolean => "Boolean",
        Kind::Integer { at_least: 0, at_most: 65_535 } => "Port",
        Kind::Integer { .. } => "Integer",
        Kind::Float { .. } => "Float",
        Kind::HostAddress => "HostAddress",
        Kind::List { .. } => "List",
        Kind::Repeated => "Multi",
        Kind::Dictionary => "Dict",
    }
}

/// An option in the columns of the file.
fn described(option: &OptionSpec) -> String {
    let default =
        if option.default == Value::Unset { "<None>".to_owned() } else { option.default.as_substituted() };
    let joined = |items: Vec<&str>, separator| match items.is_empty() {
        true => "-".to_owned(),
        false => items.join(separator),
    };
    let choices: &[Choice] = match &option.kind {
        Kind::Choice { choices, .. } | Kind::List { choices } => choices,
        _ => &[],
    };
    [
        option.key.group.to_owned(),
        option.key.name.to_owned(),
        type_name(&option.kind).to_owned(),
        default,
        if option.secret { "secret" } else { "-" }.to_owned(),
        joined(option.deprecated_names.clone(), ","),
        joined(choices.iter().map(|choice| choice.value).collect(), "|"),
    ]
    .join("\t")
}

#[test]
fn every_option_of_upstream_is_known_as_upstream_declares_it() {
    let registry = Registry::new(&[]);
    let mut differences = Vec::new();
    for row in UPSTREAM.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = row.split('\t');
        let (group, name) = (columns.next().unwrap(), columns.next().unwrap());
        let ours = registry.find(group, name).map(|found| described(found.option));
        let expected = !DIFFERENT.contains(&format!("{group} {name}").as_str());
        if (ours.as_deref() == Some(row)) != expected {
            differences.push(format!("upstream: {row}\n    ours: {ours:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_other_option_is_one_of_our_own() {
    let rows = UPSTREAM.lines().filter_map(|row| {
        let mut columns = row.split('\t');
        Some(format!("{} {}", columns.next()?, columns.next()?))
    });
    let upstream = rows.collect::<HashSet<_>>();
    let registry = Registry::new(&[]);
    let names = registry.options().map(|option| format!("{} {}", option.key.group, option.key.name));
    let ours = names.filter(|name| !upstream.contains(name)).collect::<BTreeSet<_>>();
    assert_eq!(ours.iter().map(String::as_str).collect::<Vec<_>>(), OURS);
}

#[test]
fn no_name_is_declared_twice() {
    let registry = Registry::new(&[]);
    let declared = registry.options().map(|option| 1 + option.deprecated_names.len()).sum::<usize>();
    assert_eq!(registry.names.len(), declared);
}

#[test]
fn every_default_is_a_value_of_its_option_and_holds_no_reference() {
    for option in Registry::new(&[]).options() {
        let texts = option.default.as_texts(option.is_repeated());
        for text in texts.iter().filter(|_| !option.never_empty) {
            assert!(option.parse(text).is_ok(), "{} = {text}", option.key);
            assert!(!text.contains('$'), "{} = {text}", option.key);
        }
    }
}

#[test]
fn every_option_has_a_help_text() {
    for option in Registry::new(&[]).options() {
        assert!(option.help.concat().trim_end().ends_with('.'), "{}", option.key);
    }
}

#[test]
fn every_default_or_minimum_beside_a_maximum_is_held_to_it() {
    let registry = Registry::new(&[]);
    for option in registry.options().filter(|option| option.has_effect) {
        let name = option.key.name;
        let rest = name.strip_prefix("default_").or_else(|| name.strip_prefix("min_"));
        let maxima = rest.map(|rest| format!("max_{rest}"));
        let maximum = maxima.filter(|maximum| registry.find(option.key.group, maximum).is_some());
        if let Some(maximum) = maximum {
            assert_eq!(option.maximum, Some(maximum.as_str()), "{}", option.key);
        }
        if let Some(maximum) = option.maximum {
            assert!(registry.find(option.key.group, maximum).is_some(), "{}: {maximum}", option.key);
        }
    }
}
