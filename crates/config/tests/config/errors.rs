//! The errors of a configuration.

use crate::site::{Site, site};

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let site = site(
        "[DEFAULT]
debug = maybe
no sign here
[transport]
max_message_ttl = -1
[drivers:transport:wsgi]
bind = 1.2.3
port = 65536
max_header_bytes = 1
[drivers:message_store:disk]
segment_size = 2_000_000_000
durability = never
",
    )
    .config_file("missing.conf")
    .config_dir("missing.d")
    .variable("OS_TRANSPORT__MAX_QUEUES_PER_PAGE", "");
    assert_eq!(
        site.errors(),
        [
            "missing.d: No such file or directory (os error 2)",
            "missing.conf: No such file or directory (os error 2)",
            "zaqar.conf:3: the line is neither a [section] nor name = value",
            "zaqar.conf:2: [DEFAULT] debug = \"maybe\" is not valid: expected true or false (or yes/no, on/off, 1/0)",
            "zaqar.conf:5: [transport] max_message_ttl = \"-1\" is not valid: expected an integer of at least 1",
            "zaqar.conf:7: [drivers:transport:wsgi] bind = \"1.2.3\" is not valid: expected a host name or an IP address",
            "zaqar.conf:8: [drivers:transport:wsgi] port = \"65536\" is not valid: expected an integer from 0 to 65535",
            "zaqar.conf:9: [drivers:transport:wsgi] max_header_bytes = \"1\" is not valid: expected an integer of at least 8192",
            "zaqar.conf:11: [drivers:message_store:disk] segment_size = \"2_000_000_000\" is not valid: expected an integer from 16777216 to 1073741824",
            "zaqar.conf:12: [drivers:message_store:disk] durability = \"never\" is not valid: expected one of \"fsync\", \"relaxed\"",
            "environment variable OS_TRANSPORT__MAX_QUEUES_PER_PAGE: [transport] max_queues_per_page = \"\" is not valid: expected an integer from 1 to 4294967295",
        ]
    );
}

#[test]
fn an_option_without_effect_is_checked_all_the_same() {
    let site = site("[notification]\nmax_notifier_workers = many\n");
    assert_eq!(
        site.errors(),
        [
            "zaqar.conf:2: [notification] max_notifier_workers = \"many\" is not valid: expected an integer from 1 to 4294967295"
        ]
    );
}

#[test]
fn a_bad_value_is_told_although_a_later_line_of_its_file_overrides_it() {
    let maybe = "debug = \"maybe\" is not valid: expected true or false (or yes/no, on/off, 1/0)";
    for (text, line) in [
        ("[DEFAULT]\ndebug = maybe\ndebug = yes\n", 2),
        ("[DEFAULT]\ndebug = maybe\n[transport]\n[DEFAULT]\ndebug = yes\n", 2),
    ] {
        assert_eq!(site(text).errors(), [format!("zaqar.conf:{line}: [DEFAULT] {maybe}")]);
    }
    let both = "[drivers:transport:wsgi]\nport = x\nport = y\n";
    assert_eq!(site(both).errors().len(), 2);
    let former = "[DEFAULT]\npooling = yes\nsharding = maybe\n";
    assert_eq!(site(former).errors().len(), 1);
    let circle = "[DEFAULT]\nlog_level = $log_level\nlog_level = info\n";
    assert_eq!(site(circle).errors().len(), 1);
}

#[test]
fn a_bad_value_of_another_file_that_is_overridden_is_not_told() {
    let site = site("[DEFAULT]\ndebug = maybe\n").with("b", "[DEFAULT]\ndebug = yes\n").config_file("b");
    assert!(site.config().logging.debug);
    let variable = self::site("[DEFAULT]\ndebug = maybe\n").variable("OS_DEFAULT__DEBUG", "yes");
    assert!(variable.config().logging.debug);
}

#[test]
fn a_default_above_its_maximum_is_an_error_wherever_the_two_come_from() {
    assert_eq!(
        site("[transport]\nmax_message_ttl = 1800\n").errors(),
        ["zaqar.conf:2: [transport] default_message_ttl = 3600 (the default) is more than \
          max_message_ttl = 1800 (zaqar.conf:2): set both"]
    );
    let pairs = [
        ("transport", "default_message_ttl", "max_message_ttl"),
        ("transport", "default_message_delay", "max_message_delay"),
        ("transport", "default_claim_ttl", "max_claim_ttl"),
        ("transport", "default_claim_grace", "max_claim_grace"),
        ("transport", "min_length_client_id", "max_length_client_id"),
        ("notification", "breaker_time", "breaker_max_time"),
    ];
    for (group, low, high) in pairs {
        let told = |low_value: u32, high_value: u32| {
            site(format!("[{group}]\n{low} = {low_value}\n{high} = {high_value}\n")).load().err()
        };
        assert_eq!(told(65, 65), None, "{low}");
        let problems = told(66, 65).unwrap();
        assert_eq!(problems.errors.len(), 1, "{problems}");
        assert!(problems.to_string().contains(&format!("{low} = 66")), "{problems}");
    }
    let by_variable =
        site("[transport]\ndefault_claim_ttl = 100\n").variable("OS_TRANSPORT__MAX_CLAIM_TTL", "99");
    assert!(
        by_variable.errors()[0]
            .contains("max_claim_ttl = 99 (environment variable OS_TRANSPORT__MAX_CLAIM_TTL)")
    );
}

#[test]
fn a_number_that_is_wrong_is_not_compared() {
    assert_eq!(
        site("[transport]\nmax_message_ttl = soon\ndefault_message_ttl = 9999999\n").errors().len(),
        1
    );
}

#[test]
fn a_key_that_is_left_empty_is_an_error() {
    for (group, option) in [("signed_url", "secret_key"), ("transport", "message_encryption_key")] {
        assert_eq!(
            site(format!("[{group}]\n{option} =\n")).errors(),
            [format!(
                "zaqar.conf:2: [{group}] {option} = \"\" is not valid: expected a text; leave the option out where \
                 there is none"
            )]
        );
    }
}

#[test]
fn problems_are_printed_one_a_line_with_the_warnings() {
    let site = site("[DEFAULT]\ndebug = maybe\nloud = yes\n");
    let path = site.path("zaqar.conf").display().to_string();
    assert_eq!(
        site.load().unwrap_err().to_string(),
        format!(
            "error: {path}:2: [DEFAULT] debug = \"maybe\" is not valid: expected true or false (or yes/no, on/off, 1/0)\n\
             warning: {path}:3: option [DEFAULT] loud is unknown and ignored"
        )
    );
}

#[test]
fn a_wrong_value_is_shown_on_one_short_line() {
    let long = "x".repeat(1000);
    let errors = site(format!("[DEFAULT]\ndebug = a\u{7}\n  {long}\n")).errors();
    let shown = format!("debug = \"a\\u{{7}}\\n{}…\" is", "x".repeat(77));
    assert!(errors[0].contains(&shown), "{errors:?}");
}

#[test]
fn a_secret_is_not_shown_whatever_is_wrong_with_it() {
    let text = "[cache]\npassword = hush$hush\n[trustee]\npassword = ${password.hush}\n hush\nhush\n";
    let site = site(text).with("b", "[transport]\nmessage_encryption_key = hush$message_encryption_key\n");
    let site = site.config_file("b");
    let problems = site.load().unwrap_err();
    assert_eq!(problems.errors.len(), 4);
    assert!(!format!("{problems:?}{problems}").contains("hush"), "{problems}");
}

#[test]
fn a_secret_is_not_shown_by_another_option_that_refers_to_it() {
    let site = site("[trustee]\npassword = hush\n[DEFAULT]\ndebug = ${trustee.password}\n");
    let problems = site.load().unwrap_err();
    assert!(problems.to_string().contains("debug = \"${trustee.password}\" is not valid"), "{problems}");
    assert!(!format!("{problems:?}").contains("hush"), "{problems:?}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_refused_when_it_is_ours() {
    use std::os::unix::ffi::OsStringExt as _;

    let mut site = Site::new();
    let broken = std::ffi::OsString::from_vec(vec![0xff]);
    site.sources().environment.push(("OS_DEFAULT__DEBUG".into(), broken.clone()));
    site.sources().environment.push(("SOMEBODY_ELSES".into(), broken.clone()));
    site.sources().environment.push((broken, "x".into()));
    assert_eq!(site.errors(), ["environment variable OS_DEFAULT__DEBUG: the value is not UTF-8"]);
}
