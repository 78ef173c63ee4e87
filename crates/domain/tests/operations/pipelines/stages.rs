//! The stages of a build, by their names.

use std::sync::Arc;

use zaqar_domain::{Stage, Stages};

#[derive(Debug)]
struct Idle;

impl Stage for Idle {}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn upstreams_notifier_is_known_and_costs_nothing() {
    let pipeline = Stages::new().pipeline(&names(&["zaqar.notification.notifier"])).unwrap();
    assert_eq!(pipeline.names().count(), 0);
}

#[test]
fn stages_stand_in_a_pipeline_as_they_are_named() {
    let stages = Stages::new().with("a", || Ok(Arc::new(Idle))).with("b", || Ok(Arc::new(Idle)));
    let pipeline = stages.pipeline(&names(&["b", "a", "zaqar.notification.notifier", "b"])).unwrap();
    let order: Vec<_> = pipeline.names().collect();
    assert_eq!(order, ["b", "a", "b"]);
}

#[test]
fn a_name_without_a_stage_is_refused_with_those_that_there_are() {
    let stages = Stages::new().with("acme.words", || Ok(Arc::new(Idle)));
    assert_eq!(
        stages.pipeline(&names(&["acme.words", "acme.worlds"])).unwrap_err(),
        "there is no stage acme.worlds; the choices are: acme.words, zaqar.notification.notifier"
    );
}

#[test]
fn a_stage_that_cannot_be_made_is_told_with_its_reason() {
    let stages = Stages::new().with("acme.words", || Err("no such file: words.txt".into()));
    assert_eq!(
        stages.pipeline(&names(&["acme.words"])).unwrap_err(),
        "the stage acme.words cannot be made: no such file: words.txt"
    );
}
