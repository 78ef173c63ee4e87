//! Effective values and their origins.

use crate::site::{Site, site};

/// The line about an option.
fn line(site: &Site, option: &str) -> String {
    let directory = site.path("").display().to_string();
    let lines = site.load().unwrap().effective;
    let line = lines.iter().map(ToString::to_string).find(|line| line.starts_with(&format!("{option} =")));
    line.unwrap_or_else(|| panic!("{option}")).replace(&directory, "")
}

#[test]
fn each_value_stands_with_the_place_that_it_comes_from() {
    let site = site("[transport]\nmax_claim_ttl = 500\ndefault_claim_ttl = 70\nmax_claim_ttl = 600\n")
        .with("c", "[drivers:transport:wsgi]\nport = 1\n[oslo_policy]\npolicy_dirs = a\npolicy_dirs = b\n")
        .config_file("c")
        .variable("OS_TRANSPORT__MAX_CLAIM_GRACE", "1_000");
    for (option, expected) in [
        ("[transport] max_claim_ttl", "600  (zaqar.conf:4)"),
        ("[transport] default_claim_ttl", "70  (zaqar.conf:3)"),
        ("[transport] max_claim_grace", "1000  (environment variable OS_TRANSPORT__MAX_CLAIM_GRACE)"),
        ("[transport] max_message_ttl", "1209600  (default)"),
        ("[drivers:transport:wsgi] port", "1  (c:2)"),
        ("[oslo_policy] policy_dirs", "a, b  (c:4, c:5)"),
        ("[drivers] transport", "wsgi,websocket  (default)"),
    ] {
        assert_eq!(line(&site, option), format!("{option} = {expected}"));
    }
    assert_eq!(line(&site, "[ssl] cert_file"), "[ssl] cert_file =  (default)");
}

#[test]
fn every_option_stands_there_once_and_says_whether_it_has_an_effect() {
    let effective = Site::new().load().unwrap().effective;
    let mut names: Vec<_> = effective.iter().map(|line| (line.group, line.option)).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let effect = |option| effective.iter().find(|line| line.option == option).unwrap().has_effect;
    assert!(effect("max_message_ttl") && !effect("use_syslog"));
}

#[test]
fn secrets_are_blanked_also_where_they_went_into_another_value() {
    let site = site(
        "[signed_url]\nsecret_key = hush\nsecret_keys = a:hush\n[trustee]\npassword = hush\n\
         username = ${password}-user\n[notification]\nsmtp_user_name = several\n lines\n",
    );
    let lines: Vec<_> = site.load().unwrap().effective;
    assert!(!format!("{lines:?}").contains("hush"));
    assert_eq!(line(&site, "[signed_url] secret_key"), "[signed_url] secret_key = ***  (zaqar.conf:2)");
    assert_eq!(line(&site, "[trustee] username"), "[trustee] username = ***  (zaqar.conf:6)");
    assert_eq!(line(&site, "[keystone_authtoken] password"), "[keystone_authtoken] password =  (default)");
    assert!(line(&site, "[notification] smtp_user_name").contains("several\\nlines"));
}
