//! Precedence of values.

use crate::site::{Site, site};

fn port(port: u16) -> String {
    format!("[drivers:transport:wsgi]\nport = {port}\n")
}

#[test]
fn without_any_source_everything_has_its_default() {
    let loaded = Site::new().load().unwrap();
    assert_eq!(loaded.config, zaqar_config::Config::default());
    assert_eq!(loaded.config.drivers.message_store, "embedded");
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_last_line_of_a_file_wins() {
    assert_eq!(site(port(1) + &port(2)).config().wsgi.port, 2);
    assert_eq!(site(port(1) + "port = 2\n").config().wsgi.port, 2);
}

#[test]
fn a_later_file_wins_over_an_earlier_one() {
    let site = Site::new().with("a", port(1)).with("b", port(2)).config_file("b").config_file("a");
    assert_eq!(site.config().wsgi.port, 1);
}

#[test]
fn what_a_later_file_leaves_out_stays() {
    let site = site("[DEFAULT]\ndebug = on\n").with("b", port(2)).config_file("b");
    assert!(site.config().logging.debug);
}

#[test]
fn files_and_directories_win_in_the_order_of_the_command_line() {
    let files = || Site::new().with("a.conf", port(1)).with("d/b.conf", port(2));
    assert_eq!(files().config_file("a.conf").config_dir("d").config().wsgi.port, 2);
    assert_eq!(files().config_dir("d").config_file("a.conf").config().wsgi.port, 1);
}

#[test]
fn the_files_of_a_directory_are_read_in_the_order_of_their_names() {
    let site = site(port(1))
        .with("d/20.conf", port(20))
        .with("d/10.conf", port(10))
        .with("d/30.conf.bak", port(30))
        .with("d/.40.conf", port(40))
        .with("empty/nothing", "")
        .config_dir("d")
        .config_dir("empty");
    assert_eq!(site.config().wsgi.port, 20);
}

#[test]
fn the_environment_wins_over_all_files() {
    let site = site(port(1)).with("d/a.conf", port(2)).config_dir("d");
    let site = site.variable("OS_DRIVERS_TRANSPORT_WSGI__PORT", "3");
    assert_eq!(site.config().wsgi.port, 3);
    let site = site
        .variable("OS_DRIVERS:TRANSPORT:WSGI__PORT", "4")
        .variable("OS_DRIVERS_TRANSPORT_WSGI__PORT", "5");
    assert_eq!(site.config().wsgi.port, 4);
}

#[test]
fn a_variable_is_taken_as_it_is() {
    let site = Site::new().variable("OS_DRIVERS__MESSAGE_STORE", "\"$management_store\"");
    assert_eq!(site.config().drivers.message_store, "\"embedded\"");
}

#[test]
fn former_names_are_not_looked_up_in_the_environment() {
    let site = Site::new().variable("OS_DRIVERS__STORAGE", "redis");
    assert_eq!(site.config().drivers.message_store, "embedded");
    assert_eq!(
        site.warnings(),
        ["environment variable OS_DRIVERS__STORAGE: option [drivers] storage is unknown and ignored"]
    );
}

#[test]
fn the_present_name_wins_over_a_former_one_of_the_same_file() {
    let site = site("[drivers]\nmessage_store = a\nstorage = b\n");
    assert_eq!(site.config().drivers.message_store, "a");
}

#[test]
fn a_later_file_wins_even_by_a_former_name() {
    let site = site("[drivers]\nmessage_store = a\n").with("b", "[drivers]\nstorage = b\n").config_file("b");
    assert_eq!(site.config().drivers.message_store, "b");
}

#[test]
fn a_repeated_option_collects_the_lines_of_all_files() {
    let site = site("[oslo_policy]\npolicy_dirs = a\npolicy_dirs = b,c\n")
        .with("d/x.conf", "[oslo_policy]\npolicy_dirs = d\n")
        .config_dir("d");
    assert_eq!(site.config().oslo_policy.policy_dirs, ["a", "b,c", "d"]);
    let site = site.variable("OS_OSLO_POLICY__POLICY_DIRS", "e");
    assert_eq!(site.config().oslo_policy.policy_dirs, ["e"]);
}
