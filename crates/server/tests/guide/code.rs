//! Rust code: blocks marked `rust,ignore,file=…` are part of that file, which is compiled and tested by itself.

use std::fs;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::pages::Page;

/// The blocks of a page that do not stand in the file that they name, one sentence each.
pub(crate) fn strays(page: &Page) -> Vec<String> {
    let mut strays = Vec::new();
    for (file, code) in blocks(&page.text) {
        let path = page.path.with_file_name("").join(&file);
        let Ok(text) = fs::read_to_string(&path) else {
            strays.push(format!("{}: {file}: there is no such file", page.name()));
            continue;
        };
        if !text.contains(&code) {
            strays.push(format!("{}: {file} does not have in it:\n{code}", page.name()));
        }
    }
    strays
}

/// The files that blocks name, and the code in the blocks.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) => {
                let file = kind.split(',').find_map(|word| word.strip_prefix("file="));
                open = file.map(|file| (file.to_owned(), String::new()));
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut open {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

#[test]
fn a_block_names_its_file() {
    let markdown = "```rust,ignore,file=a.rs\nlet a;\n```\n\n```rust\nlet b;\n```\n";
    assert_eq!(blocks(markdown), [("a.rs".to_owned(), "let a;\n".to_owned())]);
}
