//! Files that no operator writes: nothing in them makes the reader panic, hang or run out of memory.

use proptest::prelude::{ProptestConfig, Strategy, prop, proptest};
use zaqar_config::{Origin, Source};

use crate::site::{Site, site};

/// Lines of significant tokens.
fn lines() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[",
        "]",
        "=",
        ":",
        "\n",
        "\n ",
        "\n\t",
        "\r",
        "#",
        ";",
        "\"",
        "'",
        "$",
        "${",
        "}",
        "$$",
        "\\$",
        ",",
        " ",
        "-1",
        "\n[DEFAULT]\n",
        "\n[trustee]\n",
        "\n[drivers]\n",
        "\n[oslo_policy]\npolicy_dirs=",
        "log_level=",
        "debug=",
        "yes",
        "message_store=",
        "management_store=",
        "$message_store",
        "${management_store}",
        "$drivers.message_store",
        "password=",
        "$trustee.password",
        "username=",
        "tenant-id=",
        "é",
        "\u{feff}",
        "\u{1c}",
        "9999999999999999999999",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        let _ = site(bytes).load();
    }

    #[test]
    fn any_lines_are_survived(text in lines()) {
        if let Err(problems) = site(text).load() {
            let _ = problems.to_string();
        }
    }

    #[test]
    fn any_environment_is_survived(name in "OS_(DEFAULT|DRIVERS|DRIVERS:|X)?_{0,3}[A-Z_é]{0,6}", value in ".{0,9}") {
        let _ = Site::new().variable(&name, &value).load();
    }
}

#[test]
fn a_directory_is_no_file_and_a_file_no_directory() {
    let site = site("").with("d/e.conf/x", "").config_file("d").config_dir("d").config_dir("zaqar.conf");
    let errors = site.errors();
    assert_eq!(
        errors,
        [
            "zaqar.conf: Not a directory (os error 20)",
            "d: Is a directory (os error 21)",
            "d/e.conf: Is a directory (os error 21)",
        ]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_without_end_is_refused() {
    let mut site = Site::new();
    site.sources().paths.push(Source::File("/dev/zero".into()));
    assert_eq!(site.errors(), ["/dev/zero: the file is larger than 4 MiB"]);
}

#[test]
fn a_large_file_is_read() {
    let site = site("[DEFAULT]\n".to_owned() + &"debug = yes\n".repeat(100_000) + "debug = x\n");
    let problems = site.load().unwrap_err();
    let zaqar_config::Problem::InvalidValue { origin: Origin::File { line, .. }, .. } = &problems.errors[0]
    else {
        panic!("{problems}");
    };
    assert_eq!(*line, 100_002);
}

#[test]
fn a_file_that_is_no_text_is_refused_with_the_line() {
    assert_eq!(site(b"[DEFAULT]\n\xff\n").errors(), ["zaqar.conf:2: the file is not UTF-8"]);
    assert_eq!(site(b"[DEFAULT]\n\n\0\0\0").errors(), ["zaqar.conf:3: the file holds a NUL byte"]);
}
