//! Values that refer to other values.

use crate::site::{Site, site};

/// The value of `[drivers] message_store`, next to some other values.
fn store(value: &str) -> String {
    let text = "[DEFAULT]\nauth_strategy = a\nlog_level = \n[drivers:transport:wsgi]\nbind = b\n[drivers]\n";
    let more = "management_store = c\n[cors]\nmax_age = 1_0\nallow_methods = x,y\n[trustee]\npassword =\n";
    site(format!("{text}message_store = {value}\n{more}")).config().drivers.message_store
}

#[test]
fn a_name_is_looked_up_in_its_own_group_first_and_then_in_default() {
    assert_eq!(store("<$management_store> <${auth_strategy}>"), "<c> <a>");
    let site = site(
        "[DEFAULT]\nlog_dir = outer\n[oslo_reports]\nlog_dir = inner\nfile_event_handler = $log_dir/x\n",
    );
    assert_eq!(site.config().oslo_reports.file_event_handler.as_deref(), Some("inner/x"));
}

#[test]
fn a_name_with_a_dot_leads_to_another_group() {
    assert_eq!(store("$cors.max_age ${cors.max_age}s ${DEFAULT.auth_strategy}"), "10 10s a");
}

#[test]
fn what_is_substituted_is_the_value_and_not_its_text() {
    assert_eq!(
        store("$debug $cors.max_age $cors.allow_methods ${trustee.password}. $transport"),
        "False 10 ['x', 'y'] . ['wsgi', 'websocket']"
    );
}

#[test]
fn a_default_can_be_referred_to_and_so_can_a_variable() {
    assert_eq!(store("$log_date_format"), "%Y-%m-%d %H:%M:%S");
    let site = Site::new().variable("OS_DRIVERS__MANAGEMENT_STORE", "m");
    let site = site.with("a", "[drivers]\nmessage_store = $management_store\n").config_file("a");
    assert_eq!(site.config().drivers.message_store, "m");
}

#[test]
fn a_former_name_can_be_referred_to() {
    assert_eq!(store("$sharding"), "False");
}

#[test]
fn a_dollar_sign_can_be_written() {
    assert_eq!(
        store(r"$$auth_strategy \$auth_strategy $5 ${x y} $"),
        "$auth_strategy $auth_strategy $5 ${x y} $"
    );
}

#[test]
fn a_name_that_leads_nowhere_is_an_error() {
    let site = site(
        "[drivers]\nmessage_store = $management_stor\n[DEFAULT]\nauth_strategy = ${nowhere.x}$transport.y\n",
    );
    assert_eq!(
        site.errors(),
        [
            "zaqar.conf:2: [drivers] message_store: the value refers to $management_stor, which is not an option, \
             did you mean management_store; write $$ for a dollar sign",
            "zaqar.conf:4: [DEFAULT] auth_strategy: the value refers to $nowhere.x, which is not an option; \
             write $$ for a dollar sign",
        ]
    );
}

#[test]
fn a_circle_is_an_error_and_told_once() {
    let site = site(
        "[drivers]\nmessage_store = $management_store\nmanagement_store = ${DEFAULT.auth_strategy}\n\
         [DEFAULT]\nauth_strategy = ${drivers.message_store}\nlog_level = $log_level\n",
    );
    assert_eq!(
        site.errors(),
        [
            "zaqar.conf:5: [DEFAULT] auth_strategy: the value refers to itself: [drivers] message_store -> \
             [drivers] management_store -> [DEFAULT] auth_strategy -> [drivers] message_store",
            "zaqar.conf:6: [DEFAULT] log_level: the value refers to itself: [DEFAULT] log_level -> [DEFAULT] log_level",
        ]
    );
}

#[test]
fn a_reference_to_a_wrong_value_is_no_second_error() {
    let site =
        site("[drivers]\nmessage_store = ${transport.max_message_ttl}\n[transport]\nmax_message_ttl = x\n");
    assert_eq!(
        site.errors(),
        ["zaqar.conf:4: [transport] max_message_ttl = \"x\" is not valid: expected an integer of at least 1"]
    );
}

#[test]
fn a_wrong_value_is_shown_before_and_after_substitution() {
    let site = site("[DEFAULT]\nlog_level = info\ndebug = $log_level\n");
    assert!(
        site.errors()[0].contains("debug = \"$log_level\" (that is \"info\") is not valid"),
        "{:?}",
        site.errors()
    );
}

#[test]
fn values_that_multiply_are_stopped() {
    let options =
        ["auth_url", "system_scope", "domain_id", "domain_name", "project_id", "project_name", "trust_id"];
    let mut text = "[trustee]\nuser_id = xxxxxxxxxx\n".to_owned();
    for (option, next) in options.iter().zip(options.iter().skip(1).chain([&"user_id"])) {
        text.push_str(&format!("{option} = {}\n", format!("${next}").repeat(20)));
    }
    let errors = site(text).errors();
    assert_eq!(
        errors,
        ["zaqar.conf:6: [trustee] domain_name: the value grows beyond 262144 bytes by substitution"]
    );
}
