//! The sample file, and the file after uncommenting its options.

use zaqar_config::Config;

use crate::site::{of_drivers, site};

fn sample(all: bool) -> String {
    zaqar_config::sample(all, &of_drivers())
}

/// The sample with the `#` before each option removed.
fn uncommented() -> String {
    let is_option =
        |line: &str| line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic()));
    let uncomment = |line: &str| if is_option(line) { line[1..].to_owned() } else { line.to_owned() };
    sample(true).lines().map(|line| uncomment(line) + "\n").collect()
}

#[test]
fn the_sample_changes_nothing() {
    let loaded = site(sample(true)).load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_sample_with_every_option_uncommented_says_the_defaults() {
    let loaded = site(uncommented()).load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_sample_holds_every_option_of_upstream() {
    let sample = sample(true);
    let mut group = "";
    let mut found = std::collections::HashSet::new();
    for line in sample.lines() {
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            assert!(!found.iter().any(|(seen, _)| *seen == header), "[{header}] appears twice");
            group = header;
        } else if let Some((name, _)) = line.trim_start_matches(['#', ' ']).split_once(" =") {
            found.insert((group, name));
        }
    }
    let upstream = include_str!("upstream-options.tsv").lines().filter(|line| !line.starts_with('#'));
    for row in upstream {
        let mut columns = row.split('\t');
        let option = (columns.next().unwrap(), columns.next().unwrap());
        assert!(found.contains(&option), "{option:?}");
    }
}

#[test]
fn prose_is_wrapped() {
    for line in sample(true).lines().filter(|line| line.starts_with("# ")) {
        assert!(line.chars().count() <= 79 || line.starts_with("#     "), "{line}");
    }
}

#[test]
fn an_option_is_shown_with_all_that_is_known_of_it() {
    let sample = sample(true);
    for expected in [
        "\n# The address to listen on.\n# Value: a host name or an IP address\n#bind = 127.0.0.1\n",
        "# Value: one of\n#     fsync: a power cut: it is on the disk before the reply goes out\n",
        "# Deprecated name: sharding\n#pooling = false\n",
        "# Value: text; empty means not set\n# Deprecated name: log-config\n",
        "#segment_size = 67108864\n",
        "#instance_format = \"[instance: %(uuid)s] \"\n",
    ] {
        assert!(sample.contains(expected), "{expected}");
    }
}

#[test]
fn options_without_effect_are_left_out_unless_asked_for() {
    let (short, complete) = (sample(false), sample(true));
    assert!(complete.contains("(no effect in this version)") && complete.contains("\n#use_syslog = "));
    assert!(!short.contains("(no effect in this version)") && !short.contains("use_syslog"));
    assert!(!short.contains("[cache]"), "a group of which nothing is left");
    let options = |text: &str| {
        let is_option = |line: &&str| line.starts_with('#') && line.contains(" =") && !line.starts_with("# ");
        text.lines().filter(is_option).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(options(&short).iter().all(|line| options(&complete).contains(line)));
    let loaded = site(short).load().unwrap();
    assert_eq!((loaded.config, loaded.warnings), (Config::default(), Vec::new()));
}
