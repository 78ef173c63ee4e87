//! Zaqar as the site Acme runs it.

mod house_rules;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use zaqar_domain::Stages;
use zaqar_server::Components;

use crate::house_rules::HouseRules;

fn main() -> ExitCode {
    let stages = Stages::new()
        .with("acme.house_rules", || Ok(Arc::new(HouseRules::read(Path::new("forbidden-words.txt"))?)));
    zaqar_server::run(&Components { stages, ..Components::default() })
}
