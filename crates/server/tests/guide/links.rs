//! Links between Markdown files, and from them to tests.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::pages::Page;

pub(crate) struct Link {
    pub(crate) target: String,
    /// What is shown in its place.
    text: String,
}

/// The relative links of a page.
pub(crate) fn of(page: &Page) -> Vec<Link> {
    let mut links = Vec::new();
    let mut open: Option<Link> = None;
    for event in events(page) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                open = Some(Link { target: dest_url.into_string(), text: String::new() });
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(link) = &mut open {
                    link.text.push_str(&text);
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) => links.extend(open.take()),
            _ => {}
        }
    }
    links.retain(|link| !link.target.contains("://") && !link.target.starts_with("mailto:"));
    links
}

/// The links of a page that lead nowhere, one sentence each.
pub(crate) fn dead(page: &Page) -> Vec<String> {
    let tell = |link: &Link| {
        let what = missing(page, link)?;
        Some(format!("{}: {}: there is no such {what}", page.name(), link.target))
    };
    of(page).iter().filter_map(tell).collect()
}

/// What of a link's end is not there.
fn missing(page: &Page, link: &Link) -> Option<String> {
    let (file, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
    let target = if file.is_empty() { page.path.clone() } else { page.path.with_file_name("").join(file) };
    if !target.exists() {
        return Some("file".to_owned());
    }
    if !anchor.is_empty() && !anchors(&Page::read(&target)).contains(anchor) {
        return Some("heading".to_owned());
    }
    // A test that is named stands in the file that the link leads to.
    let is_test = file.ends_with(".rs") && link.text.contains('_') && !link.text.contains('.');
    (is_test && !Page::read(&target).text.contains(&format!("fn {}(", link.text)))
        .then(|| format!("test as {}", link.text))
}

/// The anchors of a page's headings, as mdBook and the usual forges make them.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in events(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                anchors.extend(heading.take().map(|heading| anchor(&heading)));
            }
            _ => {}
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn events(page: &Page) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(&page.text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES)
}

#[test]
fn a_heading_becomes_an_anchor_as_forges_make_it() {
    assert_eq!(anchor("What `kinds` there are?"), "what-kinds-there-are");
}
