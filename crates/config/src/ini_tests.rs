//! The grammar, rule by rule, as oslo.config 10.7 was seen to read it.

use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::{IniDocument, parse, render};

/// The assignments of all sections, as `(section, name, value)`.
fn assignments(document: &IniDocument) -> Vec<(&str, &str, &str)> {
    let all = document.sections.iter().flat_map(|section| {
        section.assignments.iter().map(|it| (section.name.as_str(), it.name.as_str(), it.value.as_str()))
    });
    all.collect()
}

/// The value that a file with one option gives it.
fn value(written: &str) -> String {
    let document = parse(format!("[s]\nname{written}\n").as_bytes());
    assert!(document.errors.is_empty(), "{document:?}");
    assignments(&document).first().map(|(_, _, value)| (*value).to_owned()).unwrap_or_default()
}

fn error_lines(text: &str) -> Vec<usize> {
    parse(text.as_bytes()).errors.iter().map(|error| error.line).collect()
}

#[test]
fn the_first_of_equals_sign_and_colon_ends_the_name() {
    assert_eq!(value(" = a=b:c"), "a=b:c");
    assert_eq!(value(": a=b"), "a=b");
    assert_eq!(value("=a:b"), "a:b");
    assert_eq!(value("="), "");
}

#[test]
fn sections_are_taken_to_the_letter_and_may_return() {
    let document = parse(b"[a]\nx=1\n[ b ]\ny=2\n[a]b]\nz=3\n[a]\nx=4\n");
    assert_eq!(
        assignments(&document),
        [("a", "x", "1"), (" b ", "y", "2"), ("a]b", "z", "3"), ("a", "x", "4")]
    );
    assert_eq!(document.sections.iter().map(|section| section.line).collect::<Vec<_>>(), [1, 3, 5, 7]);
}

#[test]
fn comments_stand_alone_on_their_line() {
    let document = parse(b"# one\n[a]\n; two\nx=1 # no comment ; nor this\n#y=2\n");
    assert_eq!(assignments(&document), [("a", "x", "1 # no comment ; nor this")]);
}

#[test]
fn quotes_around_the_first_line_are_removed() {
    assert_eq!(value(" = \" a \""), " a ");
    assert_eq!(value("='a'"), "a");
    assert_eq!(value("=\"a'"), "\"a'");
    assert_eq!(value("=\"a\" b"), "\"a\" b");
    assert_eq!(value("=\"\"a\"\""), "\"a\"");
    assert_eq!(value("=\""), "");
    assert_eq!(value("=\"a\n b\""), "\"a\nb\"");
}

#[test]
fn a_line_that_begins_with_a_blank_continues_the_value() {
    assert_eq!(value(" = a\n  b  \n\tc"), "a\nb\nc");
    assert_eq!(value(" =\n  a"), "\na");
    assert_eq!(value(" = a\n  # b"), "a\n# b");
}

#[test]
fn a_blank_line_and_a_comment_end_a_value() {
    assert_eq!(error_lines("[s]\nx=a\n\n  b\n"), [4]);
    assert_eq!(error_lines("[s]\nx=a\n# c\n  b\n  c\n"), [4]);
}

#[test]
fn every_kind_of_line_ending_counts() {
    let document = parse(b"[a]\r\nx=1\ry=2\n\rz=3\r\n  4");
    assert_eq!(assignments(&document), [("a", "x", "1"), ("a", "y", "2"), ("a", "z", "3\n4")]);
    assert_eq!(document.sections[0].assignments[2].line, 5);
}

#[test]
fn all_errors_of_a_file_are_found_and_none_twice() {
    let text = "early=1\nearlier=2\n[]\nx=1\n[open\n[a] # c\n[b]\nno sign\n  more\n= 1\ny=1\n";
    assert_eq!(error_lines(text), [1, 3, 5, 6, 8, 10]);
    assert_eq!(assignments(&parse(text.as_bytes())), [("b", "y", "1")]);
}

#[test]
fn a_file_that_is_wrong_throughout_is_given_up() {
    assert_eq!(error_lines(&"x\n".repeat(10_000)).len(), 51);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    assert_eq!(assignments(&parse(b"\xef\xbb\xbf[a]\nx=1")), [("a", "x", "1")]);
}

#[test]
fn text_that_is_no_text_is_refused_with_its_line() {
    for bytes in [&b"[a]\r\nx=1\r\ny=\xff\r\n"[..], &b"[a]\nx=1\ny=\0\n"[..]] {
        let document = parse(bytes);
        assert_eq!(document.errors.iter().map(|error| error.line).collect::<Vec<_>>(), [3]);
        assert!(document.sections.is_empty());
    }
}

#[test]
fn what_no_line_can_say_is_not_rendered() {
    for value in ["a\nb", "a\rb", "a\0b", "a\\$b"] {
        assert_eq!(render(value), None, "{value:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_can_be_read(bytes: Vec<u8>) {
        parse(&bytes);
    }

    #[test]
    fn a_rendered_value_is_read_as_itself(text in r#"[ \t"'=:#;$\[a-zé\u{1c}\u{a0}-]{0,12}"#) {
        let rendered = render(&text).map(|line| value(&format!(" = {line}")).replace("$$", "$"));
        prop_assert_eq!(rendered, Some(text));
    }
}
