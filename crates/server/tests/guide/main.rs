//! The guide holds: its examples run, its links lead somewhere, its summary is complete.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod code;
mod examples;
mod limits;
mod links;
mod pages;

#[path = "../support/mod.rs"]
mod support;

use pages::{Page, guide, whole_repository};

#[test]
fn every_shell_example_works_and_prints_what_the_page_says() {
    let tools = support::tools::Tools::find();
    let failures: Vec<_> = guide().iter().filter_map(|page| examples::run(page, &tools).err()).collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n\n"));
}

#[test]
fn every_piece_of_a_file_is_as_the_file_has_it() {
    let strays: Vec<_> = guide().iter().flat_map(code::strays).collect();
    assert!(strays.is_empty(), "\n{}\n", strays.join("\n"));
}

#[test]
fn every_relative_link_leads_to_a_file_and_the_heading_or_test_in_it() {
    let pages = whole_repository();
    let dead: Vec<_> = pages.iter().flat_map(links::dead).collect();
    assert!(dead.is_empty(), "\n  {}\n", dead.join("\n  "));
}

#[test]
fn every_page_of_the_guide_is_in_its_summary() {
    let summary = Page::read(&pages::root().join("docs/SUMMARY.md"));
    let listed: Vec<_> =
        links::of(&summary).into_iter().map(|link| pages::root().join("docs").join(link.target)).collect();
    let missing: Vec<_> = guide()
        .into_iter()
        .map(|page| page.path)
        .filter(|path| !path.ends_with("SUMMARY.md") && !listed.contains(path))
        .collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
}
