//! Shell examples: blocks marked `sh`, each page in one shell against a server of its own.

use std::fmt::Write;
use std::fs;
use std::process::{Command, Stdio};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::pages::Page;
use crate::support::server::Site;
use crate::support::tools::Tools;

/// Where the guide says that the service is.
const ADDRESS_IN_THE_GUIDE: &str = "127.0.0.1:8888";
/// The same for WebSocket.
const WEBSOCKET_IN_THE_GUIDE: &str = "127.0.0.1:9000";

struct Example {
    line: usize,
    code: String,
    /// What it must print, with `…` for anything.
    expected: Option<String>,
}

/// Runs a page's examples in order. An error tells the first that fails, with what it printed.
pub(crate) fn run(page: &Page, tools: &Tools) -> Result<(), String> {
    let examples = examples(&page.text);
    if examples.is_empty() {
        return Ok(());
    }
    let server_site = Site::new("");
    let server = server_site.start();
    let reader = Site::new("");
    let script = script(&examples).replace(ADDRESS_IN_THE_GUIDE, &server.address.to_string());
    let status = Command::new("bash")
        .arg("-c")
        .arg(script.replace(WEBSOCKET_IN_THE_GUIDE, &server.websocket.to_string()))
        .current_dir(reader.path(""))
        .env_clear()
        .env("PATH", &tools.path)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("bash: {error}"))?;

    for (number, example) in examples.iter().enumerate() {
        let place = format!("{}:{}", page.name(), example.line);
        let Ok(output) = fs::read_to_string(reader.path(&format!("{number}.out"))) else {
            return Err(format!("{place}: was not reached"));
        };
        let output = output.replace(&server.address.to_string(), ADDRESS_IN_THE_GUIDE);
        if !status.success() && !reader.path(&format!("{number}.done")).exists() {
            let errors = fs::read_to_string(reader.path(&format!("{number}.err"))).unwrap_or_default();
            return Err(format!("{place}: failed ({status}):\n{output}{errors}"));
        }
        if let Some(expected) = example.expected.as_ref().filter(|expected| !matches(expected, &output)) {
            return Err(format!("{place}: should print\n{expected}but prints\n{output}"));
        }
    }
    Ok(())
}

/// One script of all examples, so that variables go on from one to the next. It ends at the first that fails.
fn script(examples: &[Example]) -> String {
    let mut script = "set -euo pipefail\n".to_owned();
    for (number, example) in examples.iter().enumerate() {
        let _ = writeln!(script, "{{\n{}}} >{number}.out 2>{number}.err\n: >{number}.done", example.code);
    }
    script
}

fn examples(markdown: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    // The kind of the block that we are in, and whether it follows an example directly.
    let mut block: Option<String> = None;
    let mut behind_example = false;
    for (event, place) in Parser::new(markdown).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) => {
                if &*kind == "sh" {
                    let line = markdown[..place.start].lines().count() + 1;
                    examples.push(Example { line, code: String::new(), expected: None });
                }
                block = Some(kind.into_string());
            }
            Event::Text(text) => match (block.as_deref(), examples.last_mut()) {
                (Some("sh"), Some(example)) => example.code.push_str(&text),
                (Some("text"), Some(example)) if behind_example => {
                    example.expected.get_or_insert_default().push_str(&text);
                }
                _ => behind_example = false,
            },
            Event::End(TagEnd::CodeBlock) => {
                behind_example = block.take().is_some_and(|kind| kind == "sh");
            }
            _ => {}
        }
    }
    examples
}

/// Whether `output` is what `expected` says, in which `…` stands for anything. Layout does not count.
fn matches(expected: &str, output: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (expected, output) = (bare(expected), bare(output));
    let Some((first, others)) = expected.split_once('…') else { return expected == output };
    let Some(mut rest) = output.strip_prefix(first) else { return false };
    let mut pieces: Vec<_> = others.split('…').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(matches("{\"a\": …, \"z\": 1}", "{\"a\":[1,2],\"b\":0,\"z\":1}\n"));
    assert!(matches("a…", "a"));
    assert!(!matches("a…b", "ac"));
    assert!(!matches("a", "ab"));
}

#[test]
fn a_block_of_text_behind_an_example_is_what_it_prints() {
    let markdown =
        "```sh\necho 1\n```\n\n```text\n1\n```\n\nwords\n\n```text\n2\n```\n\n```sh,no-run\nfalse\n```\n";
    let examples = examples(markdown);
    assert_eq!(examples.len(), 1);
    assert_eq!((examples[0].line, examples[0].code.as_str()), (1, "echo 1\n"));
    assert_eq!(examples[0].expected.as_deref(), Some("1\n"));
}
