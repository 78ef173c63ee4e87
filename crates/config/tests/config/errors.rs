//! What an operator is told when something is wrong.

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
[drivers:message_store:embedded]
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
            "zaqar.conf:11: [drivers:message_store:embedded] segment_size = \"2_000_000_000\" is not valid: expected an integer from 16777216 to 1073741824",
            "zaqar.conf:12: [drivers:message_store:embedded] durability = \"never\" is not valid: expected one of \"fsync\", \"relaxed\"",
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
fn a_value_that_another_one_overrides_is_not_checked() {
    let site = site("[DEFAULT]\ndebug = maybe\ndebug = yes\n");
    assert!(site.config().logging.debug);
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
